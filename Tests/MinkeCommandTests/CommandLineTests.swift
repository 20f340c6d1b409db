import Foundation
import Testing

@Suite struct `The command as scripts use it` {
  @Test(arguments: [
    ["fly"], ["run", "--temperature", "hot", "Hi"], ["run", "--temperature=-1", "Hi"],
    ["run", "--max-tokens", "0", "Hi"], ["run", "a", "b", "c"],
    ["run", "--show-reasoning", "--hide-reasoning"],
    ["list", "extra"], ["show"], ["tokenize"], ["render"], ["render", "--context", "x.json"],
    ["render", "model", "--template", "x"], ["render", "model"], ["perplexity", "model"],
    ["perplexity", "model", "file", "--chunks", "0"], ["perplexity", "model", "file", "--context-size", "1"],
    ["bench"], ["bench", "model", "--depth", "0,x"], ["bench", "model", "--depth", "0,,1"],
    ["bench", "model", "--depth=-1"], ["bench", "model", "--depth", ""], ["bench", "model", "--batch", "0"],
    ["bench", "model", "--batch", "1,513"], ["bench", "model", "--prompt=-1"],
    ["bench", "model", "--threads", "0"],
    ["bench", "model", "--repetitions", "0"], ["bench", "model", "--prompt", "0", "--generate", "0"],
    ["bench", "model", "--json", "--markdown"], ["bench", "model", "--depth", "99999999999999999999"],
    ["run", "--think-budget=-5", "Hi"], ["run", "--top-p", "2", "Hi"], ["--nonsense"],
    ["run", "--cache-type-k", "f32", "Hi"], ["show", "model", "--cache-type-v", "q4_0"],
    ["pull"], ["pull", "a", "--quantization", "nine"], ["pull", "a", "--format", "zip"],
    ["pull", "a", "--hub", "x"],
    ["pull", "a", "--revision", "../x"], ["remove"], ["prune", "x"],
    ["run", "--stop", "", "Hi"], ["run", "Hi"] + (0..<65).flatMap { ["--stop", "\($0)"] },
  ]) func `Wrong usage exits 64 with a message`(arguments: [String]) throws {
    let run = try CommandRun(arguments)
    #expect(run.status == 64)
    #expect(run.output == "")
    #expect(run.errors.hasPrefix("Error: "))
  }

  @Test(arguments: [
    [], ["--help"], ["run", "--help"], ["list", "--help"], ["show", "--help"], ["tokenize", "--help"],
    ["render", "--help"], ["perplexity", "--help"], ["bench", "--help"], ["pull", "--help"],
    ["verify", "--help"],
    ["remove", "--help"], ["prune", "--help"],
  ]) func `Help is asked for, printed with an example, and no failure`(arguments: [String]) throws {
    let run = try CommandRun(arguments)
    #expect(run.status == 0)
    #expect(run.errors == "")
    #expect(run.output.contains("USAGE: minke") && run.output.contains("EXAMPLES"))
  }

  @Test(arguments: [
    ["show", "smolm2"], ["run", "smolm2:135m", "Hi"], ["tokenize", "smolm2"],
    ["perplexity", "smolm2", "/dev/null"], ["bench", "smolm2"], ["pull", "smolm2"],
  ]) func `An unknown model is one line that names near ones`(arguments: [String]) throws {
    let run = try CommandRun(arguments)
    #expect(run.status == 1)
    #expect(run.output == "")
    #expect(run.errorLines.count == 1)
    #expect(run.errors.hasPrefix("minke: no model 'smolm2"))
    #expect(run.errors.contains("did you mean smollm2:135m?"))
  }

  @Test(arguments: [
    ["show", "no/such.gguf"], ["bench", "no-such.gguf"], ["run", "no-such.gguf", "Hi"],
    ["perplexity", "no-such.gguf", "no-such.txt"],
    ["render", "--template", "no-such.jinja"], ["run", ""],
  ]) func `A missing file is one line`(arguments: [String]) throws {
    let run = try CommandRun(arguments)
    #expect(run.status == 1)
    #expect(run.errorLines.count == 1)
    #expect(run.errors.hasPrefix("minke: "))
  }

  static let hostile: [(String, [UInt8])] = [
    ("empty", []), ("magic", Array("GGUF".utf8)), ("another", Array("PK\u{3}\u{4} a zip archive".utf8)),
    ("version", Array("GGUF".utf8) + [9, 0, 0, 0] + [UInt8](repeating: 0, count: 16)),
    ("counts", Array("GGUF".utf8) + [3, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 16)),
    (
      "key",
      Array("GGUF".utf8) + [3, 0, 0, 0] + [UInt8](repeating: 0, count: 8) + [1, 0, 0, 0, 0, 0, 0, 0]
        + [UInt8](repeating: 0xFF, count: 8)
    ),
    ("zeros", [UInt8](repeating: 0, count: 4096)), ("text", Array("one\ntwo\n\u{1B}[31mred".utf8)),
  ]

  @Test(arguments: hostile) func `A hostile file is one line and no trap`(
    name: String, bytes: [UInt8]
  ) throws {
    let folder = try Folder()
    let path = try folder.write(bytes, to: name + "\n\u{1B}[2J.gguf")
    let text = try folder.write("Some text.".utf8, to: "text.txt")
    let messages = try folder.write(#"[{"role": "user", "content": "Hi"}]"#.utf8, to: "messages.json")
    for arguments in [
      ["show", path], ["bench", path], ["run", path, "Hi"], ["tokenize", path], ["perplexity", path, text],
      ["render", path, "--messages", messages],
    ] {
      let run = try CommandRun(arguments)
      #expect((1...63).contains(run.status))
      #expect(run.errorLines.count == 1)
      #expect(run.errors.hasPrefix("minke: ") && !run.errors.contains("\u{1B}"))
      #expect(run.output == "")
    }
  }

  @Test func `A question that nobody asks is an error`() throws {
    let run = try CommandRun(["run"], input: Data(" \n".utf8))
    #expect(run.status == 1)
    #expect(run.errors == "minke: no question: give one in quotes after the model, or on standard input\n")
  }

  @Test(arguments: ["a question of TCP/IP", "TCP/IP?", "/etc/no-such-file", "Hi"])
  func `Text that names nothing is a question for the default model`(text: String) throws {
    let folder = try Folder()
    let python = try folder.write(
      "#!/bin/sh\necho 'No module named pip' >&2; exit 1\n".utf8, to: "python3", executable: true)
    let run = try CommandRun(
      ["run", text], home: folder.path + "/home", environment: ["MINKE_PYTHON": python])
    #expect(run.status == 1 && run.errorLines.count == 1)
    // It went as far as fetching that model.
    #expect(run.errors.contains("has no pip"))
  }

  @Test func `A name of a model that cannot be used is no question`() throws {
    let folder = try Folder()
    for name in ["gemma3/270m", "mine/a", "mine/b"] {
      let file = URL(fileURLWithPath: folder.path + "/models/" + name + ".json")
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data("{}".utf8).write(to: file)
    }
    for (name, expected) in [
      ("gemma3", folder.path + "/models/gemma3/270m.json cannot be read as a manifest"),
      ("mine", "'mine' may mean mine:a or mine:b: give the name with its tag"),
    ] {
      let run = try CommandRun(
        ["run", name], input: Data("Hi".utf8), home: folder.path)
      #expect(run.status == 1 && run.output == "")
      #expect(run.errorLines.count == 1)
      #expect(run.errors.hasPrefix("minke: " + expected))
    }
  }

  @Test func `A terminal for input alone begins no chat`() throws {
    let terminal = try Terminal()
    let folder = try Folder()
    let process = CommandRun.process(
      ["run"], home: folder.path + "/home", environment: ["MINKE_PYTHON": "/nonexistent"])
    process.standardInput = terminal.far
    for name in ["out", "err"] { try folder.write([], to: name) }
    process.standardOutput = FileHandle(forWritingAtPath: folder.path + "/out")
    process.standardError = FileHandle(forWritingAtPath: folder.path + "/err")
    try process.run()
    // Ctrl-D: the question has ended before it began.
    try terminal.near.write(contentsOf: [4])
    process.waitUntilExit()
    let errors = try String(contentsOfFile: folder.path + "/err", encoding: .utf8)
    #expect(errors.hasPrefix("minke: no question: "))
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path + "/out")).isEmpty)
    #expect(process.terminationStatus == 1)
  }

  @Test func `The list names the catalogue, as a table and as JSON`() throws {
    let table = try CommandRun(["list"])
    #expect(table.status == 0 && table.errors == "")
    #expect(table.output.hasPrefix("NAME"))
    #expect(table.output.contains("smollm2:135m") && table.output.contains("98.4 MB"))
    #expect(!table.output.contains("\u{1B}"))

    let json = try CommandRun(["list", "--json"])
    let rows = try #require(
      try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
    #expect(rows.map { $0["name"] as? String }.first == "smollm2:135m")
    #expect(rows.allSatisfy { $0["fetched"] as? Bool == false && ($0["size"] as? Int ?? 0) > 0 })
  }

  @Test func `A model of the catalogue is shown without fetching it`() throws {
    let run = try CommandRun(
      ["show", "gemma3:270m", "--json"], environment: ["MINKE_PYTHON": "/nonexistent"])
    let facts = try #require(
      try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    #expect(facts["name"] as? String == "gemma3:270m")
    #expect(facts["architecture"] as? String == "gemma3")
    #expect(facts["size"] as? Int == 253_113_024)
    #expect(facts["fetched"] as? Bool == false)
  }

  @Test func `A template is rendered to the byte`() throws {
    let folder = try Folder()
    let template = try folder.write(
      "{% for m in messages %}\n  {{ m.role }}: {{ m['content'] | trim }}\n{% endfor %}\nend".utf8,
      to: "template.jinja")
    let context = try folder.write(
      #"{"messages": [{"role": "user", "content": " Hi 中 "}]}"#.utf8, to: "context.json")
    let run = try CommandRun(["render", "--template", template, "--context", context])
    #expect(run.output == "  user: Hi 中\nend")
    #expect(run.errors == "" && run.status == 0)

    let list = try folder.write("[]".utf8, to: "list.json")
    for (template, context) in [(template, list), (context, template)] {
      let run = try CommandRun(["render", "--template", template, "--context", context])
      #expect(run.status == 1 && run.errorLines.count == 1)
    }
  }
}
