'use strict';

// Works out the parts of a CloudFormation template that depend on parameters alone,
// as CloudFormation itself would: what is left refers to other resources only. So the
// same files make the template of a stage, in which what is off leaves nothing, and
// the one that has parameters.

const [isMap, isText] = [(v) => v !== null && typeof v === 'object' && !Array.isArray(v), (v) => typeof v === 'string'];

// resolver returns what works out a section of a template, and what tells whether a condition
// holds. Params has the values of parameters by name; conditions is that section of the template.
module.exports.resolver = (params, conditions) => {
  const functions = {
    Ref: (name) => (name === 'AWS::NoValue' ? undefined : params[name] ?? { Ref: name }),
    'Fn::If': ([condition, yes, no]) => resolve(holds({ Condition: condition }) ? yes : no),
    'Fn::Sub': (given) => {
      const [text, values] = isText(given) ? [given, {}] : [given[0], resolve(given[1])];
      const known = (name) => values[name]?.['Fn::Sub'] ?? values[name] ?? params[name];
      const filled = text.replace(/\$\{(\w+)\}/g, (whole, name) => known(name) ?? whole);
      return filled.includes('${') ? { 'Fn::Sub': filled } : filled;
    },
    'Fn::Join': ([between, list]) => resolve(list).join(between),
    'Fn::Split': ([between, text]) => resolve(text).split(between),
    'Fn::Select': ([i, list]) => resolve(list)[i],
  };

  // holds reports whether an expression of a condition is true.
  function holds(expression) {
    const [[name, value]] = Object.entries(expression);
    switch (name) {
      case 'Condition':
        if (!(value in conditions)) throw new Error(`there is no condition ${value}`);
        return holds(conditions[value]);
      case 'Fn::Equals': return resolve(value[0]) === resolve(value[1]);
      case 'Fn::Not': return !holds(value[0]);
      case 'Fn::And': return value.every(holds);
      case 'Fn::Or': return value.some(holds);
      default: throw new Error(`a condition has ${name}, which is not known`);
    }
  }

  // resolve returns undefined for what is not there.
  function resolve(part) {
    if (Array.isArray(part)) return part.map(resolve).filter((v) => v !== undefined);
    if (!isMap(part)) return part;
    const [name] = Object.keys(part);
    if (functions[name] && Object.keys(part).length === 1) return functions[name](part[name]);
    return Object.fromEntries(Object.entries(part).map(([key, v]) => [key, resolve(v)]).filter(([, v]) => v !== undefined));
  }

  // The resources or outputs of a template whose conditions hold.
  function section(parts = {}) {
    const kept = Object.entries(parts).filter(([, { Condition }]) => !Condition || holds({ Condition }));
    return Object.fromEntries(kept.map(([id, { Condition, ...part }]) => [id, resolve(part)]));
  }

  return { section, holds };
};
