/// Turns the LaTeX of short answers into plain text: `\frac{1}{2}` into `1/2`, `\text{no}` into `no`.
///
/// Commands that it does not know keep their names. It never fails; what is nested deeper than ``maximumDepth`` is
/// copied as it is.
struct PlainMath {
  private static let maximumDepth = 32
  private let scalars: [Unicode.Scalar]
  private var place = 0
  private var depth = 0

  static func text(_ latex: String) -> String {
    var reader = PlainMath(scalars: Array(latex.unicodeScalars))
    var text = ""
    while reader.place < reader.scalars.count { text += reader.piece() }
    return text
  }

  private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

  private var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

  /// The next character, command or group.
  private mutating func piece() -> String {
    guard let scalar = next else { return "" }
    place += 1
    guard depth < Self.maximumDepth else { return String(scalar) }
    depth += 1
    defer { depth -= 1 }
    switch scalar {
    case "\\": return command()
    case "{": return group()
    case "}", "$": return ""
    case "^", "_":
      let raised = argument()
      if raised == "°" { return raised }
      return String(scalar) + (raised.unicodeScalars.count > 1 ? "(\(raised))" : raised)
    default: return Self.symbols[scalar] ?? String(scalar)
    }
  }

  /// What stands before the closing brace, which is taken.
  private mutating func group() -> String {
    var text = ""
    while let scalar = next {
      if scalar == "}" {
        place += 1
        break
      }
      text += piece()
    }
    return text
  }

  /// The argument of a command: a group, or a single character or command.
  private mutating func argument() -> String {
    while next == " " { place += 1 }
    return piece()
  }

  private mutating func command() -> String {
    guard let first = next else { return "" }
    guard first.properties.isAlphabetic else {
      place += 1
      return Self.escapes[first] ?? String(first)
    }
    var name = ""
    while let scalar = next, scalar.isASCII, scalar.properties.isAlphabetic {
      name.unicodeScalars.append(scalar)
      place += 1
    }
    if Self.ignored.contains(name) { return "" }
    if Self.transparent.contains(name) { return argument() }
    switch name {
    case "frac", "dfrac", "tfrac", "cfrac":
      let numerator = argument()
      return Self.factor(numerator) + "/" + Self.factor(argument())
    case "sqrt":
      var degree = ""
      if next == "[" {
        place += 1
        while let scalar = next, scalar != "]" {
          degree += piece()
        }
        place += 1
      }
      return "sqrt\(degree)(\(argument()))"
    default: return Self.commands[name] ?? name
    }
  }

  /// In parentheses unless it is a number or a name.
  private static func factor(_ text: String) -> String {
    let unsigned = text.hasPrefix("-") ? text.dropFirst() : text[...]
    let isSimple = unsigned.unicodeScalars.allSatisfy {
      $0.properties.isAlphabetic || $0.properties.numericType == .decimal || $0 == "."
    }
    return isSimple ? text : "(\(text))"
  }

  private static let ignored: Set<String> = [
    "left", "right", "displaystyle", "textstyle", "limits", "big", "Big", "bigl", "bigr", "Bigl", "Bigr",
  ]

  /// Commands whose argument stands for itself.
  private static let transparent: Set<String> = [
    "text", "textbf", "textit", "textrm", "texttt", "mathrm", "mathbf", "mathit", "mathsf", "mathbb", "mbox",
    "boxed", "fbox", "operatorname", "overline",
  ]

  private static let commands = [
    "circ": "°", "degree": "°", "cdot": "*", "times": "*", "div": "/", "infty": "inf", "pm": "±", "mp": "∓",
    "le": "<=", "leq": "<=", "ge": ">=", "geq": ">=", "lt": "<", "gt": ">", "ne": "!=", "neq": "!=",
    "cup": "∪",
    "cap": "∩", "in": "∈", "quad": " ", "qquad": " ", "ldots": "...", "dots": "...", "cdots": "...",
  ]

  private static let escapes: [Unicode.Scalar: String] = [
    ",": "", ";": "", ":": "", "!": "", " ": " ", "(": "", ")": "", "[": "", "]": "", "$": "", "\\": " ",
  ]

  private static let symbols: [Unicode.Scalar: String] = [
    "−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "÷": "/", "π": "pi", "∞": "inf", "≤": "<=", "≥": ">=",
    "≠": "!=", "~": " ", "\u{A0}": " ", "\u{2009}": "", "，": ",", "％": "%",
  ]
}
