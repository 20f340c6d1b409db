/// General categories in regular expressions: `\p{L}`, `\p{Letter}`, `\p{Lu}`, …
enum UnicodeCategory {
  /// After `\p`: the scalars of the category, by this platform's Unicode version.
  static func set(_ cursor: inout ScalarCursor) throws(GrammarError) -> ScalarSet {
    var name = ""
    if cursor.take("{") {
      name = cursor.take { $0 != "}" }
      guard cursor.take("}") else { throw cursor.error(found: cursor.found, expected: "}") }
    }
    for prefix in ["General_Category=", "gc="] where name.hasPrefix(prefix) {
      name.removeFirst(prefix.count)
    }
    guard let members = categories[name] else {
      throw cursor.error(found: "the property \\p{\(name)}", expected: "a general category such as \\p{L}")
    }
    var ranges: [ClosedRange<UInt32>] = []
    for value in 0...ScalarSet.maximum {
      guard let scalar = Unicode.Scalar(value), members.contains(scalar.properties.generalCategory) else {
        continue
      }
      if let last = ranges.last, last.upperBound + 1 == value {
        ranges[ranges.count - 1] = last.lowerBound...value
      } else {
        ranges.append(value...value)
      }
    }
    return ScalarSet(ranges)
  }

  private static let categories: [String: Set<Unicode.GeneralCategory>] = {
    let single: [(String, String, Unicode.GeneralCategory)] = [
      ("Lu", "Uppercase_Letter", .uppercaseLetter), ("Ll", "Lowercase_Letter", .lowercaseLetter),
      ("Lt", "Titlecase_Letter", .titlecaseLetter), ("Lm", "Modifier_Letter", .modifierLetter),
      ("Lo", "Other_Letter", .otherLetter), ("Mn", "Nonspacing_Mark", .nonspacingMark),
      ("Mc", "Spacing_Mark", .spacingMark), ("Me", "Enclosing_Mark", .enclosingMark),
      ("Nd", "Decimal_Number", .decimalNumber), ("Nl", "Letter_Number", .letterNumber),
      ("No", "Other_Number", .otherNumber), ("Pc", "Connector_Punctuation", .connectorPunctuation),
      ("Pd", "Dash_Punctuation", .dashPunctuation), ("Ps", "Open_Punctuation", .openPunctuation),
      ("Pe", "Close_Punctuation", .closePunctuation), ("Pi", "Initial_Punctuation", .initialPunctuation),
      ("Pf", "Final_Punctuation", .finalPunctuation), ("Po", "Other_Punctuation", .otherPunctuation),
      ("Sm", "Math_Symbol", .mathSymbol), ("Sc", "Currency_Symbol", .currencySymbol),
      ("Sk", "Modifier_Symbol", .modifierSymbol), ("So", "Other_Symbol", .otherSymbol),
      ("Zs", "Space_Separator", .spaceSeparator), ("Zl", "Line_Separator", .lineSeparator),
      ("Zp", "Paragraph_Separator", .paragraphSeparator), ("Cc", "Control", .control),
      ("Cf", "Format", .format),
    ]
    let groups = [
      ("L", "Letter"), ("M", "Mark"), ("N", "Number"), ("P", "Punctuation"), ("S", "Symbol"),
      ("Z", "Separator"),
    ]
    var result: [String: Set<Unicode.GeneralCategory>] = ["digit": [.decimalNumber], "punct": []]
    for (short, long, category) in single {
      result[short] = [category]
      result[long] = [category]
      for (letter, name) in groups where short.hasPrefix(letter) {
        result[letter, default: []].insert(category)
        result[name, default: []].insert(category)
      }
    }
    result["punct"] = result["P"]
    return result
  }()
}
