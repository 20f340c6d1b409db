import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite(.serialized) struct `Packed weights between runs of the command` {
  static let question = ["What is the capital of France?", "--temperature", "0", "--max-tokens", "12"]
  static let answer = "The capital of France is Paris.\n"

  /// Runs the model where it lies, with a home of its own that knows nothing of it.
  func run(_ options: String..., home: Folder) async throws -> CommandRun {
    try CommandRun(
      ["run", try await RealModel.smolLM2.path()] + Self.question + options, home: home.path)
  }

  func names(_ home: Folder) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: home.path + "/packed")) ?? []).sorted()
  }

  @Test func `The first run keeps them and the second uses them`() async throws {
    let home = try Folder()
    let first = try await run(home: home)
    #expect(first.output == Self.answer && first.errors == "")
    let kept = names(home)
    // By the content's digest, which is remembered.
    try #require(kept.count == 2)
    #expect(kept[0].hasPrefix("b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53-"))
    #expect(kept[0].hasSuffix(".pack") && kept[1].hasPrefix("source-"))
    let pack = home.path + "/packed/" + kept[0]
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1000)], ofItemAtPath: pack)
    let second = try await run(home: home)
    #expect(second.output == Self.answer && second.errors == "")
    // Its use is noted; it was not made anew.
    let attributes = try FileManager.default.attributesOfItem(atPath: pack)
    let used = try #require(attributes[.modificationDate] as? Date)
    #expect(used.timeIntervalSinceNow > -600 && names(home) == kept)
  }

  @Test func `They are neither kept nor used where nobody wants them`() async throws {
    let home = try Folder()
    let found = try await run("--no-pack-cache", home: home)
    #expect(found.output == Self.answer)
    #expect(names(home) == [] && !FileManager.default.fileExists(atPath: home.path + "/packed"))
  }

  @Test func `A run that is killed at any moment does not harm the next`() async throws {
    let home = try Folder()
    let path = try await RealModel.smolLM2.path()
    for moment in 0..<30 {
      let process = CommandRun.process(["run", path] + Self.question, home: home.path, environment: [:])
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      try await Task.sleep(for: .milliseconds(20 * moment))
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      // Whatever has its name is whole.
      if moment % 5 == 4 { #expect(try await run(home: home).output == Self.answer) }
      if moment % 10 == 9 { try FileManager.default.removeItem(atPath: home.path + "/packed") }
    }
    #expect(try await run(home: home).output == Self.answer)
    #expect(names(home).count == 2)
  }

  @Test func `Runs at the same time do not harm each other`() async throws {
    let home = try Folder()
    try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<3 { group.addTask { try await run(home: home).output } }
      for try await output in group { #expect(output == Self.answer) }
    }
    #expect(names(home).count == 2)
    #expect(try await run(home: home).output == Self.answer)
  }
}
