import Foundation
import MinkeGrammar
import Testing

/// Whether a text matches whole, the same in every two pieces and byte by byte, and as a mask sees it.
func matches(_ grammar: Grammar, _ text: String) throws -> Bool {
  let bytes = Array(text.utf8)
  let result = try grammar.matches(bytes)
  let vocabulary = TokenVocabulary(tokens: [bytes, nil], endTokens: [1])
  let start = try GrammarMatcher(GrammarMasks(grammar, vocabulary))
  for cut in 0...bytes.count {
    var matcher = start
    let isAccepted = try matcher.accept(bytes[..<cut]) && matcher.accept(bytes[cut...])
    #expect((isAccepted && matcher.canEnd) == result, "cut at \(cut)")
  }
  if result, !bytes.isEmpty {
    var mask = TokenMask(count: 2)
    try start.mask(into: &mask)
    #expect(mask.contains(0))
  }
  return result
}

/// The error of a source that is refused.
func refusal(_ source: GrammarSource) -> GrammarError? {
  do {
    _ = try Grammar(source)
    return nil
  } catch {
    return error
  }
}

enum Golden {
  static func text(_ name: String) throws -> String {
    let folder = try #require(Bundle.module.url(forResource: "Goldens", withExtension: nil))
    return try String(contentsOf: folder.appending(path: name), encoding: .utf8)
  }
}
