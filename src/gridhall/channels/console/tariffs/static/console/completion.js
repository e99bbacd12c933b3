// What can stand at a place of a YAML text, by a JSON Schema: keys that are not there yet, and the values of a key.
window.gridhallCompletion = (schema) => {
  const KEY = /^([A-Za-z0-9_][\w-]*|"[^"]*")\s*:(?:\s|$)/;
  const unquote = (text) => text.trim().replace(/^(["'])(.*)\1$/, "$2");

  // The tokens of a line: dashes and a key, each with its column.
  function tokens(line) {
    const found = [];
    let at = line.search(/\S/);
    if (at < 0 || line[at] === "#") return found;
    while (line[at] === "-" && (line[at + 1] === " " || at + 1 === line.length)) {
      found.push({ at, dash: true });
      at += 1;
      while (line[at] === " ") at += 1;
    }
    const match = KEY.exec(line.slice(at));
    if (match) found.push({ at, key: unquote(match[1]), value: line.slice(at + match[0].length).trim() });
    else if (at < line.length) found.push({ at, text: line.slice(at) });
    return found;
  }

  // Keys with plain values inside {…} of one line.
  function flow(text) {
    const found = {};
    for (const part of text.split(",")) {
      const match = /^\s*\{?\s*([\w-]+|"[^"]*")\s*:\s*(.*?)\s*\}?\s*$/.exec(part);
      if (match) found[unquote(match[1])] = unquote(match[2]);
    }
    return found;
  }

  // The keys of the mapping whose keys begin in this column, around this line.
  function siblings(lines, row, column) {
    const found = {};
    const look = (from, step) => {
      for (let at = from; at >= 0 && at < lines.length; at += step) {
        const here = tokens(lines[at]);
        if (!here.length) continue;
        const own = here.find((token) => token.key && token.at === column);
        if (own && (at !== row)) found[own.key] = unquote(own.value);
        if (here[0].at < column) {
          if (step > 0) break;
          return;
        }
      }
    };
    look(row, -1);
    look(row + 1, 1);
    const first = tokens(lines[row]).find((token) => token.key && token.at === column);
    if (first) found[first.key] = unquote(first.value);
    return found;
  }

  // The steps from the top to the mapping whose keys begin in this column.
  function path(lines, row, column) {
    const steps = [];
    let level = column;
    let listed = -1;
    for (let at = row; at >= 0 && level >= 0; at -= 1) {
      for (const token of tokens(lines[at]).reverse()) {
        if (token.dash && token.at < level && token.at !== listed) {
          steps.unshift({ item: true, type: siblings(lines, at, level).type ?? flow(lines[at].slice(token.at + 1)).type });
          level = token.at + 1;
          listed = token.at;
        } else if (token.key && token.at < level && at !== row) {
          if (token.value && !token.value.startsWith("#")) continue;
          steps.unshift({ key: token.key });
          level = token.at;
          listed = -1;
          if (level === 0) return steps;
        } else if (token.key && token.at < level && at === row && token.at < column) {
          steps.unshift({ key: token.key });
          level = token.at;
        }
      }
    }
    return steps;
  }

  // All the plain schemas that a schema may mean.
  function plain(node, about = "") {
    if (!node) return [];
    const text = node.description ?? about;
    if (node.$ref) return plain(schema.$defs[node.$ref.split("/").at(-1)], text);
    const several = node.anyOf ?? node.oneOf;
    if (several) return several.flatMap((each) => plain(each, text));
    return [{ ...node, description: text }];
  }
  const ofType = (nodes, type) => {
    if (!type) return nodes;
    const named = nodes.filter((node) => node.properties?.type && plain(node.properties.type).some((each) => each.const === type));
    return named.length ? named : nodes;
  };
  function schemaAt(steps) {
    let nodes = plain(schema);
    for (const step of steps) {
      if (step.item) nodes = ofType(nodes.flatMap((node) => plain(node.items)), step.type);
      else nodes = nodes.flatMap((node) => {
        const own = node.properties?.[step.key];
        if (own) return plain(own);
        const any = Object.values(node.patternProperties ?? {})[0] ?? (typeof node.additionalProperties === "object" ? node.additionalProperties : null);
        return plain(any);
      });
    }
    return nodes;
  }

  const tidy = (text) => (text ?? "").replace(/``/g, "").split("\n\n").slice(0, 2).join("\n\n");
  function keys(nodes, present) {
    const found = new Map();
    for (const node of nodes) for (const [name, own] of Object.entries(node.properties ?? {})) {
      if (name in present || found.has(name)) continue;
      const meant = plain(own).filter((each) => each.type !== "null");
      const inner = meant.some((each) => each.type === "object" && each.properties), list = meant.some((each) => each.type === "array");
      const kinds = [...new Set(meant.map((each) => each.const ?? (each.enum ? each.enum.join(" | ") : each.type)))].join(" | ");
      found.set(name, { name, value: inner || list ? `${name}:` : `${name}: `, meta: (node.required ?? []).includes(name) ? "*" : "", about: [kinds, tidy(own.description ?? meant[0]?.description)].filter(Boolean).join("\n\n"), score: (node.required ?? []).includes(name) ? 20 : 10 });
    }
    return [...found.values()];
  }
  function values(nodes) {
    const found = new Map();
    for (const node of nodes) {
      const all = node.const !== undefined ? [node.const] : node.enum ?? (node.type === "boolean" ? [true, false] : []);
      for (const each of all) found.set(String(each), { name: String(each), value: String(each), meta: "", about: tidy(node.description), score: 10 });
    }
    return [...found.values()];
  }

  // The offers at a place: row and column from 0.
  return (text, row, column) => {
    const lines = text.split("\n");
    const before = lines[row].slice(0, column);
    const open = before.lastIndexOf("{");
    if (open > before.lastIndexOf("}")) {
      const inside = before.slice(open + 1), whole = lines[row].slice(open + 1).split("}")[0];
      const owner = tokens(before.slice(0, open)).at(-1);
      const indent = owner?.at ?? before.search(/\S/);
      let steps = owner?.key ? [...path(lines, row, owner.at), { key: owner.key }] : path(lines, row, indent + 2);
      const present = flow(whole);
      if (!owner?.key && steps.at(-1)?.item) steps = [...steps.slice(0, -1), { item: true, type: present.type }];
      const asked = /(?:^|,)\s*([\w-]+)\s*:\s*[^,]*$/.exec(inside);
      if (asked) return values(schemaAt([...steps, { key: asked[1] }]));
      return keys(schemaAt(steps), present);
    }
    const here = tokens(before);
    const last = here.at(-1);
    if (last?.key && column > last.at + last.key.length) {
      const steps = path(lines, row, last.at);
      if (steps.at(-1)?.item) steps.at(-1).type ??= last.key === "type" ? undefined : siblings(lines, row, last.at).type;
      if (last.key === "type" && steps.at(-1)?.item) steps.at(-1).type = undefined;
      return values(schemaAt([...steps, { key: last.key }]));
    }
    const at = last ? (last.dash ? last.at + 2 : last.at) : column;
    const present = siblings(lines, row, at);
    const typed = last?.text ?? last?.key;
    if (typed) delete present[typed];
    const steps = path(lines, row, at);
    const nodes = schemaAt(steps);
    return [...keys(nodes, present), ...(steps.at(-1)?.item ? values(nodes) : [])];
  };
};
