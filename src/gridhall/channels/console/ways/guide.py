"""The guide to ways to pay, as staff write it: the list, an article with its preview, the order."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from gridhall.channels.console.access import ConsoleRequest, act, console_page
from gridhall.channels.console.ways import wording
from gridhall.channels.console.ways.guide_files import shown_files
from gridhall.channels.web import words
from gridhall.channels.web.articles import text_of
from gridhall.channels.web.assets import icon
from gridhall.channels.web.rendering import rendered
from gridhall.contexts.identity.types import Permission
from gridhall.contexts.payments.operations import guide_editing as operations
from gridhall.contexts.payments.queries import guide as queries
from gridhall.runtime import audit

_MOST: Final = 50_000
_TRAIL: Final = 20
_DEEDS: Final = {
    "payments.guide.added": gettext_lazy("written"),
    "payments.guide.changed": gettext_lazy("changed"),
    "payments.guide.moved": gettext_lazy("moved"),
}


class ArticleForm(forms.Form):
    """What an article says."""

    title = forms.CharField(label=pgettext_lazy("article", "Title"), max_length=80)
    summary = forms.CharField(
        label=gettext_lazy("In one line"), max_length=200, required=False,
        help_text=gettext_lazy("Stands below the title in the list."),
    )  # fmt: skip
    body = forms.CharField(
        label=pgettext_lazy("article", "Text"), max_length=_MOST,
        widget=forms.Textarea(attrs={"rows": 16, "data-editor": "", "spellcheck": "true"}),
        help_text=gettext_lazy("Markdown: # heading, - list, **bold**, [words](https://…), ![words](pictures/…)."),
    )  # fmt: skip
    icon = forms.ChoiceField(label=gettext_lazy("Icon"))
    video = forms.CharField(
        label=gettext_lazy("Film"), max_length=80, required=False,
        help_text=gettext_lazy("The name of an uploaded film; empty for none."),
        widget=forms.TextInput(attrs={"data-film": "", "autocomplete": "off"}),
    )  # fmt: skip
    published = forms.BooleanField(label=gettext_lazy("Published: customers see it"), required=False)
    mark = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = self.initial.get("icon", "book")
        known = wording.ICONS if held in wording.ICONS else {held: held, **wording.ICONS}
        self.fields["icon"].choices = list(known.items())  # type: ignore[attr-defined]

    def text(self) -> operations.ArticleText:
        """What was typed."""
        given = self.cleaned_data
        return operations.ArticleText(
            title=given["title"], summary=given["summary"], icon=given["icon"],
            body=given["body"].replace("\r\n", "\n"), video=given["video"], published=given["published"],
        )  # fmt: skip


class NewArticleForm(ArticleForm):
    """An article that is added."""

    slug = forms.RegexField(
        r"^[a-z0-9][a-z0-9-]{0,38}$", label=gettext_lazy("Short name in the address"), strip=True,
        help_text=gettext_lazy("Such as pay-by-phone; the same in both languages. It stays as it is."),
    )  # fmt: skip
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=list(wording.LANGUAGES.items()))
    field_order = ("slug", "language")


@require_GET
@console_page(Permission.GUIDE_EDIT)
def articles(request: ConsoleRequest) -> HttpResponse:
    """Every article in both languages, in the order in which customers see them."""
    listed = [
        (slug, [(code, name, found.get(code)) for code, name in wording.LANGUAGES.items()])
        for slug, found in queries.articles_of_staff()
    ]
    return rendered(request, "console/ways/guide.html", articles=listed)


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(Permission.GUIDE_EDIT)
def new(request: ConsoleRequest) -> HttpResponse:
    """An article that is added, or an article's other language."""
    if request.method == "POST":
        form = NewArticleForm(request.POST)
        if form.is_valid():
            given = form.cleaned_data
            try:
                operations.create_article(given["slug"], given["language"], form.text(), act=act(request))
            except operations.ArticleRefused as error:
                _blame(form, error)
            else:
                messages.success(request, _("The article is saved."))
                return redirect("console.guide")
        return _editor(request, form, None, status=422)
    slug, language = request.GET.get("slug", "")[:40], request.GET.get("language", "")
    other = dict(queries.articles_of_staff()).get(slug, {})
    held = next(iter(other.values()), None)
    initial = {"slug": slug, "language": language if language in wording.LANGUAGES else "zh-hans", "icon": "book"}
    if held is not None:
        initial |= {"icon": held.icon, "video": held.video}
    return _editor(request, NewArticleForm(initial=initial), None)


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(Permission.GUIDE_EDIT)
def article(request: ConsoleRequest, id: int) -> HttpResponse:
    """One article, to read and change."""
    held = queries.article_of_staff(id)
    initial = {
        "title": held.title, "summary": held.summary, "body": held.body, "icon": held.icon, "video": held.video,
        "published": held.published, "mark": held.mark,
    }  # fmt: skip
    if request.method != "POST":
        return _editor(request, ArticleForm(initial=initial), held)
    form = ArticleForm(request.POST, initial=initial)
    if not form.is_valid():
        return _editor(request, form, held, status=422)
    try:
        operations.change_article(id, form.text(), mark=form.cleaned_data["mark"], act=act(request))
    except operations.ArticleRefused as error:
        _blame(form, error)
        return _editor(request, form, held, status=422)
    except operations.ArticleChanged as error:
        # Saving again is meant for what stands there now.
        again = request.POST.copy()
        again["mark"] = held.mark
        return _editor(request, ArticleForm(again, initial=initial), held, status=409, refused=words.of_error(error))
    said = _("The article is saved. Customers see it so at once.")
    messages.success(
        request, said if form.cleaned_data["published"] else _("The article is saved; nobody sees it yet.")
    )
    return redirect("console.guide")


@require_POST
@console_page(Permission.GUIDE_EDIT)
def preview(request: ConsoleRequest) -> HttpResponse:
    """A text as customers would see it; nothing is kept."""
    body = request.POST.get("body", "")[:_MOST]
    return rendered(
        request, "console/ways/parts/preview.html", body=text_of(body), title=request.POST.get("title", "")[:80],
        summary=request.POST.get("summary", "")[:200],
    )  # fmt: skip


@require_POST
@console_page(Permission.GUIDE_EDIT)
def move(request: ConsoleRequest, slug: str) -> HttpResponse:
    """An article goes up or down in the guide."""
    operations.move_article(slug, up=request.POST.get("to") == "up", act=act(request))
    return redirect("console.guide")


def _blame(form: ArticleForm, error: operations.ArticleRefused) -> None:
    """The refusal stands at the field it is about."""
    said = {
        "slug": _("There is such an article in this language already."),
        "video": _("There is no film of this name. Upload it first."),
        "title": _("It is empty."),
        "body": _("It is empty."),
    }.get(error.path, words.of_error(error).what)
    form.add_error(error.path if error.path in form.fields else None, said)


def _editor(
    request: ConsoleRequest,
    form: ArticleForm,
    held: queries.StaffArticle | None,
    *,
    status: int = 200,
    refused: words.Words | None = None,
) -> HttpResponse:
    body = str(form["body"].value() or "")
    trail = audit.trails([f"guide_article:{held.slug}"], limit=_TRAIL) if held else []
    response = rendered(
        request,
        "console/ways/article.html",
        form=form,
        article=held,
        language=wording.LANGUAGES[held.language] if held else "",
        refused=refused,
        body=text_of(body),
        title=form["title"].value() or "",
        summary=form["summary"].value() or "",
        trail=[(each.at, each.actor, _DEEDS[each.action]) for each in trail if each.action in _DEEDS],
        files=shown_files(),
        drawn=icon("photo"),
    )
    response.status_code = status
    return response
