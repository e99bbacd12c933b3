"""Invented names, addresses and telephone numbers that look Chinese and belong to nobody.

There is no 澜川省 and no 云泽市. Mobile numbers begin with 154 0000: the prefix 154 is assigned to no operator. No
credential numbers are invented at all: every well-formed one could be somebody's.
"""

from typing import Final

PROVINCE: Final = "澜川省"
CITY: Final = "云泽市"
COUNTIES: Final = ("望湖区", "青禾区", "临溪县", "松岭县")
STATIONS: Final = (
    "柳岸",
    "桂湾",
    "石桥",
    "杏林",
    "荷塘",
    "竹溪",
    "梅岭",
    "枫港",
    "槐荫",
    "兰亭",
    "榆坡",
    "桐山",
    "莲洲",
    "茶垄",
    "渔浦",
    "稻香",
)
STREETS: Final = (
    "望湖路",
    "柳岸街",
    "桂花巷",
    "石桥路",
    "杏林街",
    "荷风路",
    "竹影巷",
    "梅园路",
    "枫叶街",
    "槐荫路",
    "兰亭街",
    "榆钱巷",
    "桐花路",
    "莲心街",
    "茶香路",
    "渔火路",
    "稻香街",
    "云帆路",
    "星河街",
    "晨曦路",
    "晚晴巷",
    "听雨路",
    "揽月街",
    "临泽大道",
    "新禾路",
    "青檐巷",
    "长堤街",
    "南浦路",
    "北渚街",
    "东篱路",
)
COMPOUNDS: Final = (
    "锦绣苑",
    "湖畔家园",
    "春晓花园",
    "翠竹里",
    "金桂小区",
    "望云居",
    "书香苑",
    "禾园",
    "清泉里",
    "澜庭",
)
_SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜"
    "崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_GIVEN: Final = (
    "伟芳娜敏静丽强磊军洋勇艳杰涛明超霞平刚英华慧建文辉力红玉兰萍波宁云飞鹏宇浩然子轩梓涵思雨欣怡"
    "诗琪佳豪俊晨曦雪梅春秋国庆志远海燕少卿若溪一诺安然景行知远星河望舒清和沐阳"
)
_TRADES: Final = (
    "便利店",
    "超市",
    "面馆",
    "水果店",
    "药房",
    "理发店",
    "书店",
    "烘焙坊",
    "五金店",
    "茶馆",
    "洗衣店",
    "诊所",
    "鲜花店",
    "文具店",
    "小吃店",
    "服装店",
)
_WORKS: Final = (
    "精密机械",
    "食品加工",
    "塑料制品",
    "纺织",
    "电子元件",
    "家具制造",
    "包装印刷",
    "冷链物流",
    "金属制品",
    "新型建材",
)
_FARMS: Final = ("蔬菜种植", "水产养殖", "禽蛋养殖", "果园", "花卉苗木", "粮食种植", "奶牛养殖", "茶叶种植")
_BRANDS: Final = (
    "云禾",
    "澜泽",
    "清溪",
    "望山",
    "金穗",
    "新桥",
    "远帆",
    "宏泽",
    "瑞禾",
    "星港",
    "百川",
    "同泽",
    "泰和",
    "嘉禾",
    "晨光里",
    "浦云",
)
CHAIN: Final = "云泽市禾悦便利连锁有限公司"
CHAIN_BRAND: Final = "禾悦便利"
CHARGING_OPERATOR: Final = "云泽市驿行充电服务有限公司"
PROPERTY_COMPANY: Final = "云泽市安澜物业管理有限公司"


def person(number: int) -> str:
    """The name of the person with that (any, non-negative) number: a surname and one or two characters."""
    surname = _SURNAMES[number % len(_SURNAMES)]
    rest = number // len(_SURNAMES)
    first, rest = _GIVEN[rest % len(_GIVEN)], rest // len(_GIVEN)
    second, rest = _GIVEN[rest % len(_GIVEN)], rest // len(_GIVEN)
    return surname + first + (second if rest % 4 else "")


def phone(number: int) -> str:
    """A mobile number that rings nowhere."""
    return f"1540000{number % 10_000:04d}"


def works(number: int) -> str:
    """The name of a factory's company."""
    return f"云泽市{_BRANDS[number % len(_BRANDS)]}{_WORKS[number // len(_BRANDS) % len(_WORKS)]}有限公司"


def farm(number: int) -> str:
    """The name of a farm."""
    return f"{_BRANDS[number % len(_BRANDS)]}{_FARMS[number // len(_BRANDS) % len(_FARMS)]}专业合作社"


def shop(number: int) -> str:
    """The name of a shop."""
    return f"{_BRANDS[number % len(_BRANDS)]}{_TRADES[number // len(_BRANDS) % len(_TRADES)]}"


def street_address(county: str, street: int, number: int, rest: str = "") -> str:
    """An address on a street of the invented city; street numbers beyond the list go on as branches (支路)."""
    branch, name = divmod(street, len(STREETS))
    return f"{PROVINCE}{CITY}{county}{STREETS[name]}{f'{branch}支路' if branch else ''}{number}号{rest}"
