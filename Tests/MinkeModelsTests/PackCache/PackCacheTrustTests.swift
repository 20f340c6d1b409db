import Foundation
import MinkeModels
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite("A file of packed weights is used only if it is what this build would write")
struct PackCacheTrustTests {
  /// After a load that must not use what is there, everything is as it should be.
  private func expectRemade(
    _ fixture: PackFixture, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try fixture.expect(.checkpoint, sourceLocation: sourceLocation)
    try fixture.expect(.packCache, sourceLocation: sourceLocation)
  }

  @Test("Every byte of the trailer counts: format, version, instruction set, digest, plan")
  func trailer() throws {
    let fixture = try PackFixture()
    try fixture.expect(.checkpoint)
    let whole = try Data(contentsOf: URL(fileURLWithPath: fixture.pack()))
    let start = try #require(whole.range(of: Data("MINKEPCK".utf8))).lowerBound
    // Magic, versions, sizes and checksum byte by byte, then the lines.
    let places = Array(start..<start + 48) + stride(from: start + 48, to: whole.count, by: 61)
    for place in places {
      try fixture.edit { $0[place] ^= 1 }
      #expect(try fixture.load(fixture.cache()).origin == .checkpoint, "byte \(place)")
    }
    try fixture.expect(.packCache)
    #expect(try Data(contentsOf: URL(fileURLWithPath: fixture.pack())) == whole)
  }

  @Test("Weights that were spoiled on the disk are noticed")
  func weights() throws {
    let fixture = try PackFixture()
    try fixture.expect(.checkpoint)
    let whole = try Data(contentsOf: URL(fileURLWithPath: fixture.pack()))
    let end = try #require(whole.range(of: Data("MINKEPCK".utf8))).lowerBound
    for place in stride(from: 0, to: end, by: 4099) {
      try fixture.edit { $0[place] ^= 0x10 }
      #expect(try fixture.load(fixture.cache()).origin == .checkpoint, "byte \(place)")
    }
    // A page that never reached the disk.
    try fixture.edit { $0.replaceSubrange(4096..<8192, with: Data(count: 4096)) }
    try expectRemade(fixture)
  }

  @Test("A file of another length is refused", arguments: [-1, 1, -4096, 4096, -100_000_000])
  func length(change: Int) throws {
    let fixture = try PackFixture()
    try fixture.expect(.checkpoint)
    try fixture.edit { data in
      if change > 0 {
        data.append(Data(count: change))
      } else {
        data = data.prefix(max(data.count + change, 0))
      }
    }
    try expectRemade(fixture)
  }

  @Test("Another model's weights under this one's name are refused")
  func plan() throws {
    let fixture = try PackFixture()
    try fixture.expect(.checkpoint)
    let other = try PackFixture("qwen2-regular")
    try other.expect(.checkpoint)
    try FileManager.default.removeItem(atPath: fixture.pack())
    try FileManager.default.copyItem(
      atPath: other.pack(), toPath: fixture.folder + "/" + other.names[0])
    try expectRemade(fixture)
  }

  @Test("A file that others may write, or that is no plain file, is replaced")
  func permissions() throws {
    let fixture = try PackFixture()
    try fixture.expect(.checkpoint)
    let path = try fixture.pack()
    for mode in [0o620, 0o602, 0o666] {
      #expect(unsafe chmod(path, mode_t(mode)) == 0)
      try expectRemade(fixture)
    }
    #expect(unsafe rename(path, path + ".moved") == 0)
    #expect(unsafe symlink(path + ".moved", path) == 0)
    try expectRemade(fixture)
    try FileManager.default.removeItem(atPath: path)
    #expect(unsafe mkfifo(path, 0o600) == 0)
    try expectRemade(fixture)
  }

  @Test("A folder in which others may write is not used")
  func folderPermissions() throws {
    let fixture = try PackFixture()
    try fixture.expect(.checkpoint)
    #expect(unsafe chmod(fixture.folder, 0o770) == 0)
    try fixture.expect(.checkpoint)
    #expect(fixture.notes.value.first?.contains("others may write in it") == true)
    #expect(unsafe chmod(fixture.folder, 0o700) == 0)
    try fixture.expect(.packCache)
  }

  @Test(
    "Another user's file or folder is not used",
    .enabled(if: geteuid() == 0, "needs the right to give files away"))
  func owner() throws {
    let fixture = try PackFixture()
    try fixture.expect(.checkpoint)
    #expect(unsafe chown(try fixture.pack(), 12345, 12345) == 0)
    try expectRemade(fixture)
    #expect(unsafe chown(fixture.folder, 12345, 12345) == 0)
    try fixture.expect(.checkpoint)
    #expect(fixture.notes.value.first?.contains("another user's") == true)
  }

  @Test("A folder that cannot be made is no failure", arguments: ["/dev/null/packed", "/proc/packed", ""])
  func nowhere(folder: String) throws {
    let fixture = try PackFixture()
    var cache = fixture.cache()
    cache.folder = folder
    try fixture.expect(.checkpoint, cache)
    #expect(fixture.notes.value.first?.hasPrefix("packed weights were not kept: ") == true)
  }
}
