import MinkeCommand
import Testing

@Suite struct `Words after a program that carries a model` {
  @Test(arguments: [
    ([], ["run"]), (["What is a minke?"], ["run", "What is a minke?"]),
    (["--stats", "hi"], ["run", "--stats", "hi"]),
    (["list"], ["list"]), (["run", "list"], ["run", "list"]), (["--help"], ["--help"]),
    (["--version"], ["--version"]),
  ])
  func `They are for run unless they begin with a command`(_ words: [String], _ expected: [String]) {
    #expect(BundleArguments.parsed(words, commands: ["run", "list"]) == expected)
  }
}
