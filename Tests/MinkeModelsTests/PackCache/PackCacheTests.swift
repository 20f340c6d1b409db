import Foundation
import MinkeModels
import MinkeTensors
import Testing

@Suite("Packed weights are kept and found again")
struct PackCacheTests {
  @Test("The first load packs, the next ones read what it kept", arguments: TinyModel.all)
  func hit(name: String) throws {
    let fixture = try PackFixture(name)
    try fixture.expect(.checkpoint)
    try fixture.expect(.packCache)
    #expect(try fixture.load(fixture.cache(), threads: 1).origin == .packCache)
    #expect(try fixture.load(fixture.cache(), threads: 7).origin == .packCache)
    #expect(fixture.names.count == 1 && fixture.names[0].hasPrefix(fixture.digest + "-"))
    #expect(fixture.notes.value == [])
    // For this user alone.
    for (path, mode) in [(fixture.folder, 0o700), (try fixture.pack(), 0o600)] {
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect(attributes[.posixPermissions] as? Int == mode)
    }
  }

  @Test("Without a cache nothing is kept")
  func off() throws {
    let fixture = try PackFixture()
    #expect(try fixture.load(nil).origin == .checkpoint)
    #expect(fixture.names == [] && !FileManager.default.fileExists(atPath: fixture.folder))
  }

  @Test("What counts is the content's digest, not the path")
  func moved() throws {
    let fixture = try PackFixture()
    try fixture.expect(.checkpoint)
    try FileManager.default.copyItem(atPath: fixture.source, toPath: fixture.source + "2")
    #expect(unsafe rename(fixture.source + "2", fixture.source) == 0)
    try fixture.expect(.packCache)
    var other = fixture.cache()
    other.digest = .known(String(repeating: "b", count: 64))
    try fixture.expect(.checkpoint, other)
    try fixture.expect(.packCache, other)
  }

  @Test("A digest is computed once, and again when the file has changed")
  func digests() throws {
    let fixture = try PackFixture()
    let cache = fixture.askingCache()
    try fixture.expect(.checkpoint, cache)
    #expect(fixture.digestCount.value == 1)
    try fixture.expect(.packCache, cache)
    #expect(fixture.digestCount.value == 1)
    // The same bytes written anew: another state of the file, of which nothing is known.
    try Data(contentsOf: URL(fileURLWithPath: fixture.source)).write(
      to: URL(fileURLWithPath: fixture.source))
    try fixture.expect(.checkpoint, cache)
    #expect(fixture.digestCount.value == 2)
    try fixture.expect(.packCache, cache)
    #expect(fixture.digestCount.value == 2)
  }

  @Test("A file that changes while its digest is computed is not remembered")
  func changing() throws {
    let fixture = try PackFixture()
    var cache = fixture.cache()
    cache.digest = .computed { paths in
      let handle = try #require(FileHandle(forUpdatingAtPath: paths[0]))
      try handle.seekToEnd()
      try handle.write(contentsOf: [0])
      return String(repeating: "c", count: 64)
    }
    #expect(try fixture.load(cache).origin == .checkpoint)
    #expect(fixture.names == [])
    #expect(fixture.notes.value.first?.contains("has changed since it was opened") == true)
  }

  @Test("What is no digest does not become a path", arguments: ["", "../../../../etc/passwd", "A", "a/b"])
  func digestShape(text: String) throws {
    let fixture = try PackFixture()
    var cache = fixture.cache()
    cache.digest = .known(text + String(repeating: "A", count: max(64 - text.count, 0)))
    try fixture.expect(.checkpoint, cache)
    #expect(fixture.names == [])
    #expect(fixture.notes.value.first?.contains("hexadecimal") == true)
  }

  @Test("What was not used for longest is removed first")
  func leastRecentlyUsed() throws {
    let fixtures = try zip(["llama-regular", "qwen2-regular", "qwen3-regular"], "abc").map { name, digest in
      try PackFixture(name, digest: digest)
    }
    let folder = fixtures[0].folder
    func cache(_ index: Int, limit: Int = 1 << 30) -> PackCache {
      var cache = fixtures[index].cache(byteLimit: limit)
      cache.folder = folder
      return cache
    }
    func size() throws -> Int {
      try fixtures[0].names.reduce(0) { total, name in
        let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/" + name)
        return total + (attributes[.size] as? Int ?? 0)
      }
    }
    for index in 0..<2 { #expect(try fixtures[index].load(cache(index)).origin == .checkpoint) }
    // Both are old, the first one older; then it is used.
    for (index, name) in fixtures[0].names.enumerated() {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: Double(1000 + index))],
        ofItemAtPath: folder + "/" + name)
    }
    #expect(try fixtures[0].load(cache(0)).origin == .packCache)
    // The third fits only in place of one.
    let limit = try size() + 100_000
    #expect(try fixtures[2].load(cache(2, limit: limit)).origin == .checkpoint)
    #expect(fixtures[0].names.map(\.first) == ["a", "c"])
    #expect(try size() <= limit)
    #expect(try fixtures[0].load(cache(0)).origin == .packCache)
    #expect(try fixtures[1].load(cache(1)).origin == .checkpoint)
  }

  @Test("What exceeds the limit alone is not kept, and costs the others nothing")
  func limit() throws {
    let fixture = try PackFixture()
    try fixture.expect(.checkpoint)
    let other = try PackFixture("qwen2-regular", digest: "b")
    var cache = other.cache(byteLimit: 1000)
    cache.folder = fixture.folder
    try other.expect(.checkpoint, cache)
    #expect(other.notes.value.first?.contains("the limit") == true)
    try fixture.expect(.packCache)
  }

  @Test("Digests of checkpoints whose weights are gone are forgotten")
  func forgotten() throws {
    let fixture = try PackFixture()
    try fixture.expect(.checkpoint, fixture.askingCache())
    #expect(fixture.names.count == 2)
    try FileManager.default.removeItem(atPath: fixture.pack())
    let other = try PackFixture("qwen2-regular", digest: "b")
    var cache = other.cache()
    cache.folder = fixture.folder
    try other.expect(.checkpoint, cache)
    #expect(fixture.names.count == 1)
  }

  @Test("Many that load at once all work, and leave one file")
  func concurrent() async throws {
    let fixture = try PackFixture()
    let plain = try fixture.load(nil).logits.map(\.bitPattern)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<12 {
        group.addTask { try fixture.load(fixture.askingCache()).logits.map(\.bitPattern) == plain }
      }
      for try await isSame in group { #expect(isSame) }
    }
    #expect(fixture.names.count == 2)
    try fixture.expect(.packCache, fixture.askingCache())
    #expect(fixture.notes.value == [])
  }

  @Test("A model that is in memory only is packed as ever")
  func inMemory() throws {
    let fixture = try PackFixture()
    let file = try fixture.model.edited()
    let model = try Transformer(file, pool: .init(threadCount: 1), packCache: fixture.cache())
    #expect(model.weightOrigin == .checkpoint && model.packWriting == nil && fixture.names == [])
  }
}
