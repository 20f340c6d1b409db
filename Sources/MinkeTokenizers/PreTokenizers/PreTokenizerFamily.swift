/// The pre-tokenisers in circulation, by the rule that they share, and what goes with the rule.
package struct PreTokenizerFamily: Sendable {
  /// The names that `tokenizer.ggml.pre` gives it.
  let names: [String]
  package let stages: [SplitStage]
  /// A piece that is a token is that token, whatever the merges say.
  var ignoresMerges = false
  /// BOS goes first where the metadata does not say.
  var addsBOS = false
  /// The family's published tokenizer normalises text to form C first.
  package var composesText = false

  /// The family that `name` belongs to.
  package static func named(_ name: String) throws(TokenizerError) -> PreTokenizerFamily {
    guard let family = all.first(where: { $0.names.contains(name) }) else {
      throw .unknownPreTokenizer(found: name, known: all.flatMap(\.names).sorted())
    }
    return family
  }

  static let all = [
    PreTokenizerFamily(
      names: [
        "gpt-2", "default", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "exaone4",
        "gigachat", "mellum", "a.x-4.0", "modern-bert", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de",
      ],
      stages: [.gpt2Words]),
    PreTokenizerFamily(
      names: [
        "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2",
      ],
      stages: [.singleDigits, .gpt2Words]),
    PreTokenizerFamily(
      names: ["qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez"],
      stages: [.casedWords(digits: 1, marks: false)], composesText: true),
    PreTokenizerFamily(
      names: ["stablelm2", "hunyuan", "solar-open"], stages: [.casedWords(digits: 1, marks: false)]),
    PreTokenizerFamily(
      names: ["qwen35"], stages: [.casedWords(digits: 1, marks: true)], composesText: true),
    PreTokenizerFamily(
      names: [
        "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
        "jina-v5-nano",
      ],
      stages: [.casedWords(digits: 3, marks: false)], ignoresMerges: true, addsBOS: true),
    PreTokenizerFamily(
      names: ["dbrx", "smaug-bpe", "glm4", "chatglm-bpe"],
      stages: [.casedWords(digits: 3, marks: false)]),
    PreTokenizerFamily(
      names: ["deepseek-llm"],
      stages: [
        .newlines, .spacedRun(.deepSeekLetters), .spacedRun(.deepSeekPunctuation), .trailingWhitespace,
        .run(.deepSeekCJK), .singleDigits,
      ]),
    PreTokenizerFamily(
      names: ["deepseek-coder"],
      stages: [
        .newlines, .spacedRun(.letters), .spacedRun(.punctuation), .run(.deepSeekCJK), .singleDigits,
      ]),
    PreTokenizerFamily(
      names: ["deepseek-v3", "hunyuan-dense", "joyai-llm"],
      stages: [.numberGroups(digits: 3), .run(.hanAndKana), .deepSeekV3Words]),
    PreTokenizerFamily(names: ["gpt-4o", "llama4", "minimax-m2", "kanana2"], stages: [.gpt4oWords]),
  ]
}
