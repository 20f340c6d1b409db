import MinkeHub
import Testing

@Suite struct `Names and digests that become paths` {
  static let hostile = [
    "", ".", "..", "../x", "a/b", "a\\b", "/etc/passwd", "a\0b", "a\nb", "-rf", ".hidden", "a b",
    "é", "ａ", "a:b:c", ":", "a:", ":b", "a:..", "..:a", "a:../b", String(repeating: "a", count: 97),
    "hf.co/a", "hf.co/a/b/c", "hf.co/../a", "hf.co/a/", "example.org/a/b", "hf.co//a", "HF.CO/a/b ",
    "a\u{202E}b", "a%2fb", "~", "$HOME", "a\r", "a:\u{0}",
  ]

  @Test(arguments: hostile) func `A hostile name is refused`(text: String) {
    #expect(throws: HubError.self) { try ModelName(text) }
    #expect(throws: HubError.self) { try ModelName(name: text, tag: "x") }
    #expect(throws: HubError.self) { try ModelName(name: "x", tag: text) }
  }

  @Test func `Names are read in one form`() throws {
    let name = try ModelName("SmolLM2:135M")
    #expect(name.description == "smollm2:135m")
    #expect(try ModelName.parts(of: "qwen2.5-coder").tag == nil)
    #expect(try ModelName.parts(of: "a_b-c.d:0.5b") == ("a_b-c.d", "0.5b"))
  }

  @Test func `Whatever is accepted stays inside the store`() throws {
    // Random text over an alphabet of everything that has escaped a folder before.
    let alphabet: [Character] = Array("ab0./\\:~-_ \u{0}\n%A\u{301}é…")
    var generator = SplitMix(state: 7)
    let store = Store(root: "/store")
    var accepted = 0
    for _ in 0..<20_000 {
      let halves = (0..<2).map { _ in
        String(
          (0..<Int.random(in: 0...3, using: &generator)).compactMap { _ in
            alphabet.randomElement(using: &generator)
          })
      }
      let text = halves.joined(separator: ":")
      guard let name = try? ModelName(text) else { continue }
      accepted += 1
      let parts = store.path(of: name).split(separator: "/", omittingEmptySubsequences: false)
      #expect(parts.count == 5)
      #expect(parts.prefix(3) == ["", "store", "models"])
      #expect(!parts.contains("..") && !parts.contains("."))
      #expect(store.path(of: name).utf8.allSatisfy { $0 > 32 && $0 < 127 })
    }
    #expect(accepted > 50)
  }

  @Test(arguments: [
    "", "abc", String(repeating: "a", count: 63), String(repeating: "a", count: 65),
    String(repeating: "A", count: 64), String(repeating: "g", count: 64),
    "../" + String(repeating: "a", count: 61), String(repeating: "a", count: 63) + "/",
    String(repeating: "a", count: 63) + "\0", String(repeating: "a", count: 63) + "\n",
    String(repeating: "１", count: 64), "sha256:" + String(repeating: "a", count: 57),
  ]) func `A malformed digest is refused`(text: String) {
    #expect(throws: HubError.invalidDigest(found: text)) { try SHA256Digest(hex: text) }
  }

  @Test func `A digest leads to a direct child of the blobs`() throws {
    var generator = SplitMix(state: 11)
    let store = Store(root: "/store")
    for _ in 0..<2_000 {
      let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let digest = try #require(SHA256Digest(bytes: bytes))
      #expect(try SHA256Digest(hex: digest.hex) == digest)
      let path = store.path(of: digest)
      #expect(path.hasPrefix("/store/blobs/sha256-"))
      #expect(path.dropFirst("/store/blobs/".count).utf8.count == 71)
      #expect(!path.dropFirst("/store/blobs/".count).contains("/"))
    }
    #expect(SHA256Digest(bytes: [UInt8](repeating: 0, count: 31)) == nil)
  }

  @Test func `One changed character makes a digest malformed`() {
    let good = String(repeating: "0123456789abcdef", count: 4)
    for byte in UInt8.min...UInt8.max where byte < 128 {
      let text = String(UnicodeScalar(byte)) + good.dropFirst()
      let isDigit = "0123456789abcdef".utf8.contains(byte)
      #expect(((try? SHA256Digest(hex: text)) != nil) == isDigit)
    }
  }

  @Test func `The digest of a file is SHA-256's`() throws {
    let folder = try TemporaryDirectory()
    let empty = try folder.write("", to: "empty")
    let abc = try folder.write("abc", to: "abc")
    // FIPS 180-2, appendix B.1, and the well-known digest of no bytes.
    #expect(
      try SHA256Digest(ofFile: empty).hex
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(
      try SHA256Digest(ofFile: abc).hex
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    // Several files are read as one.
    let (a, bc) = (try folder.write("a", to: "a"), try folder.write("bc", to: "bc"))
    #expect(try SHA256Digest(ofFiles: [empty, a, empty, bc]) == SHA256Digest(ofFile: abc))
    let absent = folder.path + "/absent"
    #expect(throws: HubError.noSuchFile(path: absent)) { try SHA256Digest(ofFiles: [abc, absent]) }
  }
}

/// A small generator with a seed (Steele, Lea and Flood's SplitMix64).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
