import Foundation
import MinkeHub
import Testing

/// What is promised with `--offline` and `MINKE_OFFLINE=1`, as the system sees it.
@Suite struct `Offline` {
  static let strace = ["/usr/bin/strace", "/bin/strace", "/usr/local/bin/strace"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// Runs the command under strace and gives the connections that it tried outside this machine.
  ///
  /// - Parameter loopback: whether those to this machine count too.
  func connections(
    _ arguments: [String], variable: Bool, home: String, input: String, loopback: Bool = false
  ) throws -> (status: Int32, tried: [String]) {
    guard let strace = Self.strace else {
      try Test.cancel("left out, as strace is not installed (apt install strace)")
    }
    let folder = try Folder()
    let trace = folder.path + "/trace"
    try Data(input.utf8).write(to: URL(fileURLWithPath: folder.path + "/in"))
    let process = CommandRun.process(
      arguments, home: home, environment: variable ? ["MINKE_OFFLINE": "1"] : [:])
    let command = try #require(process.executableURL).path
    process.executableURL = URL(fileURLWithPath: strace)
    process.arguments = ["-f", "-qq", "-o", trace, "-e", "trace=connect,sendto,sendmsg", command] + arguments
    process.standardInput = FileHandle(forReadingAtPath: folder.path + "/in")
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let lines = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n").map(String.init)
    let tried = lines.filter { line in
      line.contains("connect(") || line.contains("sa_family=AF_INET")
    }.filter { line in
      let isLoopback = line.contains("inet_addr(\"127.") || line.contains("\"::1\"")
      return !line.contains("AF_UNIX") && (loopback || !isLoopback)
    }
    return (process.terminationStatus, tried)
  }

  @Test(arguments: [false, true]) func `No command opens a connection`(variable: Bool) async throws {
    _ = try await RealModel.smolLM2.path()
    let folder = try Folder()
    let text = try folder.write(String(repeating: "A text of some words. ", count: 60).utf8, to: "text")
    let messages = try folder.write(#"[{"role": "user", "content": "Hi"}]"#.utf8, to: "messages.json")
    let template = try folder.write("x".utf8, to: "template.jinja")
    let home = try RealFile.hub().store.root
    let model = "smollm2:135m"
    let works: [[String]] = [
      ["list"], ["show", model], ["show", "deepseek-r1"], ["run", model, "Hi", "--max-tokens", "2"],
      ["tokenize", model],
      ["render", model, "--messages", messages], ["render", "--template", template],
      ["perplexity", model, text, "--context-size", "64", "--chunks", "1"],
      ["bench", model, "--prompt", "8", "--generate", "2", "--repetitions", "1"], ["verify", model],
      ["pull", model],
    ]
    for arguments in works {
      let run = try connections(
        arguments + (variable ? [] : ["--offline"]), variable: variable, home: home, input: "Hi")
      #expect(run.status == 0, "\(arguments)")
      #expect(run.tried == [], "\(arguments)")
    }
    // What would need one is an error, in a store of its own.
    let fails: [[String]] = [
      ["run", model, "Hi"], ["pull", model], ["pull", "deepseek-r1:1.5b"], ["pull", "hf.co/o/r"],
      ["run", "hf.co/o/r", "Hi"],
      ["pull", "modelscope.cn/o/r"], ["pull", "https://example.org/m.gguf"],
      ["tokenize", "https://example.org/m.gguf"],
      ["remove", model],
    ]
    for arguments in fails {
      let run = try connections(
        arguments + (variable ? [] : ["--offline"]), variable: variable, home: folder.path + "/home",
        input: "Hi")
      #expect(run.status == 1, "\(arguments)")
      #expect(run.tried == [], "\(arguments)")
    }
    let prune = try connections(
      ["prune"] + (variable ? [] : ["--offline"]), variable: variable, home: folder.path + "/home", input: "")
    #expect(prune.status == 0 && prune.tried == [])
  }

  @Test func `The trace sees a connection where one is opened`() throws {
    let folder = try Folder()
    let server = try StandInHub()
    let run = try connections(
      ["pull", server.address + "/m.gguf"], variable: false, home: folder.path + "/home", input: "",
      loopback: true)
    #expect(run.status == 1 && run.tried.contains { $0.contains("htons(\(server.port))") })
  }
}
