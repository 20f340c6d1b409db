import Minke

let model = try LanguageModel.load(path: CommandLine.arguments[1])
let session = ChatSession(model: model)

for question in ["Why is the sky blue?", "And why is it red in the evening?"] {
  for try await event in session.respond(to: question) {
    if case .answer(let text) = event { print(text, terminator: "") }
  }
  print()
}
