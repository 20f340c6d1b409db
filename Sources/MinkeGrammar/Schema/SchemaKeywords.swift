/// What the keywords of JSON Schema draft 2020-12 are.
enum SchemaKeywords {
  enum Subschemas { case schema, list, map }

  /// The keywords that hold schemas, and how.
  static let subschemas: [JSONText: Subschemas] = [
    "additionalProperties": .schema, "propertyNames": .schema, "items": .schema, "contains": .schema,
    "not": .schema, "if": .schema, "then": .schema, "else": .schema, "unevaluatedItems": .schema,
    "unevaluatedProperties": .schema, "allOf": .list, "anyOf": .list, "oneOf": .list,
    "prefixItems": .list, "properties": .map, "patternProperties": .map, "$defs": .map,
    "definitions": .map, "dependentSchemas": .map,
  ]

  /// Those that say nothing about what is valid.
  static let annotations: Set<JSONText> = [
    "title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly",
    "$comment",
    "contentEncoding", "contentMediaType", "contentSchema", "$anchor", "$dynamicAnchor", "$defs",
    "definitions",
    "$vocabulary", "discriminator",
  ]

  /// Those that need or change what other keywords mean, and are read with these.
  static let companions: Set<JSONText> = [
    "required", "additionalProperties", "patternProperties", "properties", "prefixItems", "items",
    "unevaluatedProperties", "unevaluatedItems", "contains", "minContains", "maxContains", "then", "else",
    "exclusiveMinimum", "exclusiveMaximum", "minimum", "maximum",
  ]

  /// In-place applicators, whose annotations `unevaluatedProperties` and `unevaluatedItems` see.
  static let applicators: [JSONText] = [
    "$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if", "dependentSchemas",
  ]

  /// The drafts whose keywords mean the same here, or are refused.
  static let drafts: Set<JSONText> = [
    "https://json-schema.org/draft/2020-12/schema", "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema", "http://json-schema.org/draft-06/schema",
  ]
}
