import Foundation
import MinkeHub
import Testing

@Suite struct `The catalogue` {
  @Test func `Every entry is well formed and plausible`() throws {
    let all = try CatalogueFile.builtIn().entries
    let entries = try all.map { try $0.get() }
    #expect(entries.count > 45 && Catalogue.builtIn.entries == entries)
    #expect(Set(entries.map(\.name)).count == entries.count)
    #expect(Catalogue.builtIn.defaultModel?.description == "smollm2:135m")
    for entry in entries {
      let name = entry.name.description
      #expect(!entry.title.isEmpty && !entry.license.isEmpty && !entry.architecture.isEmpty, "\(name)")
      // Weights of 3 to 17 bits a parameter.
      let bits = Double(entry.size) * 8 / Double(try #require(entry.parameters, "\(name)"))
      #expect((3...17).contains(bits), "\(name) \(bits)")
      #expect(entry.contextLength ?? 0 >= 8192, "\(name)")
      if let cache = entry.cacheBytesPerToken { #expect((1000...2_000_000).contains(cache), "\(name)") }
      switch entry.source {
      case .packages(let file):
        #expect(!file.parts.isEmpty && file.room > file.file.size && file.file.size == entry.size, "\(name)")
      case .repository(_, _, let format):
        if format == .gguf {
          #expect(Quantization(entry.quantization)?.isReadable == true, "\(name)")
        }
      }
    }
    // One of a family at most is its default.
    for family in Dictionary(grouping: entries, by: \.name.name).values {
      #expect(family.count(where: \.isDefault) <= 1)
    }
  }

  @Test(arguments: [
    ("deepseek-r1:1.5b", "DeepSeek-R1-Distill-Qwen-1.5B, a Qwen2.5-Math-1.5B fine-tuned on R1's samples"),
    ("deepseek-r1:8b", "DeepSeek-R1-Distill-Llama-8B, a Llama-3.1-8B fine-tuned on R1's samples"),
    ("deepseek-r1:70b", "DeepSeek-R1-Distill-Llama-70B, a Llama-3.3-70B-Instruct fine-tuned on R1's samples"),
  ]) func `A distillation is named as what it is`(name: String, title: String) throws {
    let entry = try #require(Catalogue.builtIn[try ModelName(name)])
    #expect(entry.title == title && entry.base != nil)
  }

  @Test(
    arguments: [
      ("deepseek-r1", "deepseek-r1:7b", nil), ("deepseek-r1:latest", "deepseek-r1:7b", nil),
      ("deepseek-r1:7b-q8_0", "deepseek-r1:7b", "Q8_0"), ("qwen3:30b-a3b", "qwen3:30b-a3b", nil),
      ("qwen3:30b-a3b-q4_k_s", "qwen3:30b-a3b", "Q4_K_S"), ("gemma3:270m-it", "gemma3:270m-it", nil),
      ("gemma3", "gemma3:4b", nil), ("Qwen3:8B", "qwen3:8b", nil),
    ] as [(String, String, String?)]) func `Names mean what users expect`(
      text: String, expected: String, quantization: String?
    ) throws
  {
    let hub = Hub(store: Store(root: "/nowhere"))
    let found = try #require(try hub.offered(text))
    #expect(found.entry.name.description == expected && found.quantization?.name == quantization)
    guard case .offered(let entry, let located) = try hub.locate(text) else {
      Issue.record("not offered")
      return
    }
    #expect(entry == found.entry && located == found.quantization)
  }

  @Test(arguments: ["deepseek-r1:9b", "deepseek-r1:7b-q8", "smollm2:135m-q8_0", "qwen4", "deepseek-r1:7b-"])
  func `Other names are not made up`(text: String) throws {
    #expect(try Hub(store: Store(root: "/nowhere")).offered(text) == nil)
  }

  @Test func `Memory grows with the context`() throws {
    let entry = try #require(Catalogue.builtIn[try ModelName("deepseek-r1:7b")])
    let (small, large) = (
      try #require(entry.memory(contextLength: 4096)), try #require(entry.memory(contextLength: 131_072))
    )
    // 28 layers, 4 heads of keys and values, 128 wide, 2 bytes.
    #expect(large - small == (131_072 - 4096) * 28 * 4 * 128 * 2 * 2)
    #expect(small > entry.size && small < entry.size * 6 / 5)
  }

  @Test func `An entry is pulled from its repository, by either hub`() async throws {
    let fixture = try PullFixture()
    let data = PullFixture.bytes(40_000)
    fixture.server.add("unsloth/DeepSeek-R1-Distill-Qwen-7B-GGUF/x-Q4_K_M.gguf", data)
    fixture.server.add(
      "unsloth/DeepSeek-R1-Distill-Qwen-7B-GGUF/x-Q8_0.gguf", PullFixture.bytes(80_000, seed: 2))
    let hub = Hub(store: fixture.hub.store, network: fixture.hub.network)
    let entry = try #require(try hub.offered("deepseek-r1")).entry
    let (manifest, _) = try await hub.fetch(entry)
    #expect(manifest.name.description == "deepseek-r1:7b" && manifest.base == "Qwen2.5-Math-7B")
    #expect(manifest.title.contains("fine-tuned on R1's samples") && manifest.license.hasPrefix("MIT"))
    let (other, _) = try await hub.fetch(entry, .init(quantization: "Q8_0"))
    #expect(other.name.description == "deepseek-r1:7b-q8_0")
    for name in ["deepseek-r1", "deepseek-r1:7b", "deepseek-r1:7b-q8_0"] {
      guard case .stored(let found, _) = try hub.locate(name) else {
        Issue.record("\(name) is not stored")
        continue
      }
      #expect(found.name == (name.hasSuffix("q8_0") ? other.name : manifest.name))
    }
  }

  @Test func `Sizes are written as people read them`() {
    #expect(byteText(0) == "0 B")
    #expect(byteText(999) == "999 B")
    #expect(byteText(98_362_432) == "98.4 MB")
    #expect(byteText(999_999) == "1.0 MB")
    #expect(byteText(.max) == "9.2 EB")
  }
}
