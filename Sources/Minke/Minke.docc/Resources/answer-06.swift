import Minke

let model = try LanguageModel.load(path: CommandLine.arguments[1])
var parameters = GenerationParameters()
parameters.thinkBudget = 300
parameters.maximumTokens = 1000
let session = ChatSession(model: model, parameters: parameters)

for question in ["Why is the sky blue?", "And why is it red in the evening?"] {
  var isReasoning = false
  for try await event in session.respond(to: question) {
    switch event {
    case .reasoning(let text):
      isReasoning = true
      print(text, terminator: "")
    case .answer(let text):
      if isReasoning { print("\n---") }
      isReasoning = false
      print(text, terminator: "")
    case .finished(let result):
      let rate = Double(result.timings.decodedTokens) / result.timings.decode
      print("\n\(result.usage.completionTokens) tokens, \(rate) a second, ended by \(result.finishReason)")
    default: break
    }
  }
  print()
}
