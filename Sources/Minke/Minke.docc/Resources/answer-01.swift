import Minke

let model = try LanguageModel.load(path: CommandLine.arguments[1])
print("\(model.information.name), \(model.information.architecture)")
