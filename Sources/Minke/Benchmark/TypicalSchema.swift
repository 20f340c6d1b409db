/// A schema such as programs ask for: strings of any and of limited length, numbers, one of some words, a list.
enum TypicalSchema {
  static let text = """
    {"type": "object", "properties": {"name": {"type": "string"}, "summary": {"type": "string", "maxLength": 80}, \
    "age": {"type": "integer", "minimum": 0, "maximum": 130}, "height": {"type": "number"}, \
    "role": {"enum": ["sailor", "cook", "captain", "passenger"]}, \
    "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 4}}, \
    "required": ["name", "summary", "age", "height", "role", "tags"], "additionalProperties": false}
    """
}
