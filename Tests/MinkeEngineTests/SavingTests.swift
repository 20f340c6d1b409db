import Foundation
import MinkeEngine
import MinkeTensors
import Testing

struct `Caches saved and restored` {
  struct Kind: Sendable, CustomTestStringConvertible {
    var model: String
    var keys: CacheElement = .f16
    var values: CacheElement = .f16
    var testDescription: String { "\(model), \(keys), \(values)" }
  }

  /// Grouped queries, windows of 8 and 5 positions, latent attention; every type of element.
  static let kinds = [
    Kind(model: "llama-regular"), Kind(model: "llama-odd-llama3", keys: .bf16, values: .q8_0),
    Kind(model: "gemma3-regular"), Kind(model: "gemma3-odd-linear", keys: .q8_0, values: .q8_0),
    Kind(model: "deepseek-v2-odd"), Kind(model: "qwen3-odd-yarn", keys: .f32, values: .bf16),
  ]

  @Test(arguments: kinds)
  func `A conversation goes on in another engine with the same bits`(kind: Kind) async throws {
    let folder = try TemporaryFolder()
    func engine() throws -> TinyEngine { try TinyEngine(kind.model, keys: kind.keys, values: kind.values) }
    let first = try engine()
    let said = try await first.run(first.tokens(150, seed: 1), answer: 20).tokens
    let saved = try first.engine.save(
      .everything, of: .local, fingerprint: first.fingerprint, to: folder.file("a"))
    #expect(saved.tokens == said.count)
    let next = said + first.tokens(9, seed: 2)
    let onward = try await first.run(next)
    let alone = try await engine().run(next)
    #expect(alone.cached == 0)

    let second = try engine()
    let file = try SavedFile.opened(path: folder.file("a"))
    let restored = try second.engine.restore(file, fingerprint: second.fingerprint, into: .local)
    #expect(restored == RestoredCounts(tokens: saved.tokens, bytes: saved.bytes))
    #expect(second.cachedBytes == saved.bytes && second.violations == [])
    // Another identity finds nothing of it.
    #expect(try await second.run(next, Identity("another")).cached == 0)
    let result = try await second.run(next)
    #expect(result.cached == said.count && result.cached == onward.cached)
    #expect(result.tokens == alone.tokens)
    #expect(result.logits == alone.logits)
    #expect(second.violations == [])
  }

  @Test func `Blocks that a window has given up are not in the file, and not missed`() async throws {
    let folder = try TemporaryFolder()
    let first = try TinyEngine("gemma3-regular", blocks: 9)
    let said = try await first.run(first.tokens(200, seed: 1)).tokens
    // Needs room, which blocks behind windows give first.
    _ = try await first.run(first.tokens(330, seed: 2))
    let saved = try first.engine.save(
      .path(said), of: .local, fingerprint: first.fingerprint, to: folder.file("a"))
    let second = try TinyEngine("gemma3-regular")
    let file = try SavedFile.opened(path: folder.file("a"))
    #expect(file.nodes.contains { $0.groups == 1 || $0.groups == 2 })
    let restored = try second.engine.restore(file, fingerprint: second.fingerprint, into: .local)
    #expect(restored.bytes == saved.bytes && second.violations == [])
    let result = try await second.run(said + second.tokens(5, seed: 3))
    let alone = try await TinyEngine("gemma3-regular").run(said + second.tokens(5, seed: 3))
    #expect(result.logits == alone.logits)
    // A block that is missing comes from a file that has it.
    let whole = try TinyEngine("gemma3-regular")
    _ = try await whole.run(said)
    _ = try whole.engine.save(.everything, of: .local, fingerprint: whole.fingerprint, to: folder.file("b"))
    let third = try TinyEngine("gemma3-regular")
    _ = try third.engine.restore(file, fingerprint: third.fingerprint, into: .local)
    let more = try third.engine.restore(
      .opened(path: folder.file("b")), fingerprint: third.fingerprint, into: .local)
    #expect(more.bytes > 0 && third.violations == [])
    #expect(third.cachedBytes == whole.cachedBytes)
  }

  @Test func `What is there is not restored again`() async throws {
    let folder = try TemporaryFolder()
    let tiny = try TinyEngine("llama-regular")
    _ = try await tiny.run(tiny.tokens(150, seed: 1))
    let saved = try tiny.engine.save(
      .everything, of: .local, fingerprint: tiny.fingerprint, to: folder.file("a"))
    let before = tiny.cachedBytes
    let restored = try tiny.engine.restore(
      .opened(path: folder.file("a")), fingerprint: tiny.fingerprint, into: .local)
    #expect(restored == RestoredCounts(presentTokens: saved.tokens))
    #expect(tiny.cachedBytes == before && tiny.violations == [])
  }

  @Test func `A path is saved without what else there is`() async throws {
    let folder = try TemporaryFolder()
    let tiny = try TinyEngine("qwen2-regular")
    let stem = tiny.tokens(100, seed: 1)
    let one = try await tiny.run(stem + tiny.tokens(60, seed: 2)).tokens
    let other = try await tiny.run(stem + tiny.tokens(60, seed: 3)).tokens
    let saved = try tiny.engine.save(
      .path(one), of: .local, fingerprint: tiny.fingerprint, to: folder.file("a"))
    #expect(saved.tokens == one.count)
    // Of a node that goes on otherwise, only the common beginning.
    let part = try tiny.engine.save(
      .path(Array(one.prefix(110)) + tiny.tokens(20, seed: 4)), of: .local, fingerprint: tiny.fingerprint,
      to: folder.file("b"))
    #expect((110..<115).contains(part.tokens))
    let second = try TinyEngine("qwen2-regular")
    let file = try SavedFile.opened(path: folder.file("a"))
    _ = try second.engine.restore(file, fingerprint: second.fingerprint, into: .local)
    #expect(try await second.run(one + [1]).cached == one.count)
    #expect((100..<105).contains(try await second.run(other + [1]).cached))
    // Nothing was ever asked of this identity.
    let none = try tiny.engine.save(
      .everything, of: Identity("nobody"), fingerprint: tiny.fingerprint, to: folder.file("c"))
    #expect(none == SavedCounts())
    #expect(try SavedFile.opened(path: folder.file("c")).nodes.isEmpty)
  }

  @Test func `A file has nothing of what its blocks held before`() async throws {
    let folder = try TemporaryFolder()
    for kind in Self.kinds {
      let fresh = try TinyEngine(kind.model, keys: kind.keys, values: kind.values)
      let used = try TinyEngine(kind.model, keys: kind.keys, values: kind.values, blocks: 9)
      for seed in UInt64(5)..<9 { _ = try await used.run(used.tokens(400, seed: seed), Identity("another")) }
      for (tiny, name) in [(fresh, "fresh"), (used, "used")] {
        let said = try await tiny.run(tiny.tokens(90, seed: 1)).tokens
        _ = try tiny.engine.save(
          .path(said), of: .local, fingerprint: tiny.fingerprint, to: folder.file(name))
      }
      let (one, other) = (
        try Data(contentsOf: URL(filePath: folder.file("fresh"))),
        try Data(contentsOf: URL(filePath: folder.file("used")))
      )
      #expect((one == other) as Bool, "\(kind.testDescription)")
    }
  }

  @Test func `Only this user may read a file, which replaces what had its name`() async throws {
    let folder = try TemporaryFolder()
    let tiny = try TinyEngine("llama-regular")
    try Data("before".utf8).write(to: URL(filePath: folder.file("a")))
    _ = try await tiny.run(tiny.tokens(10, seed: 1))
    _ = try tiny.engine.save(.everything, of: .local, fingerprint: tiny.fingerprint, to: folder.file("a"))
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.file("a"))
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(try folder.contents() == ["a"])
    #expect(throws: (any Error).self) {
      try tiny.engine.save(
        .everything, of: .local, fingerprint: tiny.fingerprint, to: folder.file("no/such/folder"))
    }
  }
}

// MARK: Room, and what does not fit

extension `Caches saved and restored` {
  @Test func `With little room the newest comes back, and nobody else loses anything`() async throws {
    let folder = try TemporaryFolder()
    let first = try TinyEngine("llama-regular")
    let old = try await first.run(first.tokens(200, seed: 1)).tokens
    let new = try await first.run(first.tokens(200, seed: 2)).tokens
    let saved = try first.engine.save(
      .everything, of: .local, fingerprint: first.fingerprint, to: folder.file("a"))

    let second = try TinyEngine("llama-regular", blocks: 9)
    let others = Identity("others")
    _ = try await second.run(second.tokens(200, seed: 3), others)
    let theirs = try second.engine.save(
      .everything, of: others, fingerprint: second.fingerprint, to: folder.file("theirs"))
    let mine = try await second.run(second.tokens(100, seed: 4)).tokens
    let before = second.cachedBytes
    let restored = try second.engine.restore(
      .opened(path: folder.file("a")), fingerprint: second.fingerprint, into: .local)
    // Of nine blocks four are the others', and the two that this identity had make room too.
    #expect(restored.tokens > 200 && restored.leftOutTokens > 0 && restored.presentTokens == 0)
    #expect(restored.tokens + restored.leftOutTokens == saved.tokens)
    #expect(second.cachedBytes > before && second.violations == [])
    let left = try second.engine.save(
      .everything, of: others, fingerprint: second.fingerprint, to: folder.file("left"))
    #expect(left == theirs)
    #expect(try await second.run(new + [1], answer: 1).cached == new.count)
    #expect(try await second.run(mine + [1], answer: 1).cached < 64)
    #expect(try await second.run(old + [1], answer: 1).cached < old.count)
    #expect(second.violations == [])
  }

  @Test func `Answers go on while caches are saved and restored`() async throws {
    let folder = try TemporaryFolder()
    let alone = try await TinyEngine("gemma3-odd-linear").run(
      TinyEngine("gemma3-odd-linear").tokens(200, seed: 1), answer: 40)
    let tiny = try TinyEngine("gemma3-odd-linear", blocks: 12)
    async let answers = withThrowingTaskGroup(of: TinyEngine.Outcome.self) { group in
      for _ in 0..<8 {
        for index in 0..<3 {
          group.addTask {
            try await tiny.run(tiny.tokens(200, seed: 1), answer: 40, Identity("\(index)"))
          }
        }
        for try await outcome in group { #expect((outcome.tokens == alone.tokens) as Bool) }
      }
    }
    for round in 0..<40 {
      _ = try tiny.engine.save(
        .everything, of: Identity("\(round % 3)"), fingerprint: tiny.fingerprint, to: folder.file("a"))
      let file = try SavedFile.opened(path: folder.file("a"))
      _ = try tiny.engine.restore(file, fingerprint: tiny.fingerprint, into: Identity("\((round + 1) % 3)"))
      #expect(tiny.violations == [])
    }
    try await answers
    #expect(tiny.violations == [])
  }

  @Test func `Another model's cache is refused, and one with other types`() async throws {
    let folder = try TemporaryFolder()
    let tiny = try TinyEngine("llama-regular")
    _ = try await tiny.run(tiny.tokens(100, seed: 1))
    _ = try tiny.engine.save(.everything, of: .local, fingerprint: tiny.fingerprint, to: folder.file("a"))
    let file = try SavedFile.opened(path: folder.file("a"))
    let same = try TinyEngine("llama-regular")
    for (other, fingerprint) in [
      (same, same.engine.fingerprint(checkpoint: "another digest")),
      (try TinyEngine("llama-linear"), same.fingerprint),
      (try TinyEngine("gemma3-regular"), same.fingerprint),
    ] {
      let own = other.name == same.name ? fingerprint : other.fingerprint
      let error = #expect(throws: SavedFileError.self) {
        try other.engine.restore(file, fingerprint: own, into: .local)
      }
      #expect(error?.kind == .mismatch)
      #expect(error?.found == "checkpoint llama-regular")
      #expect(other.cachedBytes == 0)
    }
    let coarse = try TinyEngine("llama-regular", values: .q8_0)
    let error = #expect(throws: SavedFileError.self) {
      try coarse.engine.restore(file, fingerprint: coarse.fingerprint, into: .local)
    }
    #expect(error?.found == "keys f16, values f16" && error?.expected == "keys f16, values q8_0")
  }

  @Test func `A model with a state says that it cannot be saved`() async throws {
    let folder = try TemporaryFolder()
    let tiny = try TinyEngine("minimax-regular")
    _ = try await tiny.run(tiny.tokens(100, seed: 1))
    let error = #expect(throws: SavedFileError.self) {
      try tiny.engine.save(.everything, of: .local, fingerprint: tiny.fingerprint, to: folder.file("a"))
    }
    #expect(error?.kind == .unsupported)
    #expect(try folder.contents() == [])
  }
}
