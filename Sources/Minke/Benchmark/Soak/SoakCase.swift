internal import MinkeChat

/// One thing that is asked, with all that decides its answer.
package struct SoakCase: Sendable {
  /// What is particular about it.
  package enum Kind: String, Sendable, CaseIterable {
    case greedy, sampled, long, conversation, repetition, grammar, stops, thinking, vote, sliding
  }

  package struct Turn: Sendable {
    package var question: String
    package var parameters: GenerationParameters

    package init(question: String, parameters: GenerationParameters) {
      self.question = question
      self.parameters = parameters
    }
  }

  package let kind: Kind
  /// Its place among the cases.
  package let number: Int
  /// Of one conversation, in order; one for a vote.
  package var turns: [Turn]
  /// Samples of a vote; nil where none is taken.
  package var samples: Int?

  package init(_ kind: Kind, number: Int, turns: [Turn] = []) {
    self.kind = kind
    self.number = number
    self.turns = turns
  }

  /// What it is called where it fails.
  var name: String { "case \(number) (\(kind.rawValue))" }

  /// Texts of which a beginning is held back while the rest may still come: it is shown when the answer is broken off there.
  func heldTexts(turn: Int) -> [String] {
    turns[turn].parameters.stop
      + (kind == .thinking ? [ReasoningTags.think.opener, ReasoningTags.think.closer] : [])
  }
}
