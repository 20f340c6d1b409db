import MinkeCheckpoints
import MinkeTensors
import Testing

@Suite("Which element type a tensor gets")
struct TensorMixtureTests {
  /// Sixteen layers, two heads a key.
  static let shape = TensorMixture.Shape(
    architecture: "llama", layerCount: 16, headCount: 8, keyValueHeadCount: 4, hasOutput: true)

  func mixture(
    _ type: FileType, _ change: (inout TensorMixture.Shape) -> Void = { _ in },
    options: TensorMixture.Options = .init(), hasImportance: Bool = false
  ) -> TensorMixture {
    var shape = Self.shape
    change(&shape)
    return TensorMixture(type, shape, options: options, hasImportance: hasImportance)
  }

  func types(_ mixture: TensorMixture, _ name: String, layers: Range<Int> = 0..<16) -> [ElementType?] {
    layers.map { mixture.type(of: "blk.\($0).\(name).weight", dimensions: [1024, 512]) }
  }

  @Test(
    "Most matrices get the file's own; the output more",
    arguments: zip(
      FileType.allCases,
      [
        ElementType.f32, .f16, .bf16, .q8_0, .q6_K, .q6_K, .q6_K, .q6_K, .q6_K, .q6_K, .q6_K, .q6_K, .q6_K,
        .q6_K,
        .q6_K, .q6_K,
      ]))
  func plain(type: FileType, output: ElementType) {
    let mixture = mixture(type)
    for name in ["attn_q", "attn_k", "ffn_gate", "ffn_up", "ffn_gate_exps"] {
      #expect(types(mixture, name) == Array(repeating: type.elementType, count: 16))
    }
    #expect(mixture.type(of: "token_embd.weight", dimensions: [1024, 512]) == type.elementType)
    #expect(mixture.type(of: "output.weight", dimensions: [1024, 512]) == output)
    // Where it makes the logits, the embedding is the output.
    #expect(
      self.mixture(type) { $0.hasOutput = false }.type(of: "token_embd.weight", dimensions: [1024, 512])
        == output)
  }

  @Test("Small tensors that decide much stay as they are")
  func kept() {
    let mixture = mixture(.q4_K_M)
    for (name, dimensions) in [
      ("blk.0.attn_norm.weight", [1024]), ("output_norm.weight", [1024]), ("blk.0.attn_q.bias", [1024]),
      ("blk.0.attn_q_norm.weight", [64, 8]), ("blk.0.ffn_gate_inp.weight", [1024, 8]),
      ("rope_freqs.weight", [64]),
      ("blk.0.ssm_conv1d.weight", [4, 1024]), ("blk.0.attn_norm_2.weight", [1024, 1]),
    ] {
      #expect(mixture.type(of: name, dimensions: dimensions) == nil, "\(name)")
    }
  }

  @Test("Some layers' values and inner matrices get more")
  func layers() {
    let more: Set = [0, 1, 4, 7, 10, 13, 14, 15]
    for (type, plain) in [(FileType.q4_K_M, ElementType.q4_K), (.q5_K_M, .q5_K)] {
      let expected: [ElementType?] = (0..<16).map { more.contains($0) ? .q6_K : plain }
      #expect(types(mixture(type), "attn_v") == expected)
      #expect(types(mixture(type), "ffn_down") == expected)
      #expect(types(mixture(type), "ffn_down_exps") == expected)
    }
    let small = mixture(.q4_K_S)
    #expect(types(small, "attn_v") == (0..<16).map { $0 < 4 ? .q5_K : .q4_K })
    #expect(types(small, "ffn_down") == (0..<16).map { $0 < 2 ? .q5_K : .q4_K })
    let three = mixture(.q3_K_M)
    #expect(types(three, "attn_v") == (0..<16).map { $0 < 2 ? .q5_K : .q4_K })
    #expect(types(three, "ffn_down") == (0..<16).map { $0 < 1 ? .q5_K : .q4_K })
    #expect(types(three, "attn_output") == Array(repeating: .q4_K, count: 16))
    let two = mixture(.q2_K)
    for name in ["attn_v", "ffn_down", "attn_output"] {
      #expect(types(two, name) == Array(repeating: .q3_K, count: 16))
    }
  }

  @Test("Values that many heads share get more")
  func sharedValues() {
    let grouped: (inout TensorMixture.Shape) -> Void = { $0.keyValueHeadCount = 2 }
    #expect(types(mixture(.q2_K, grouped), "attn_v", layers: 3..<4) == [.q4_K])
    #expect(types(mixture(.iq4_xs, grouped), "attn_v", layers: 3..<4) == [.q5_K])
    #expect(types(mixture(.iq4_nl, grouped), "attn_v", layers: 3..<4) == [.q5_K])
    #expect(types(mixture(.iq4_xs), "attn_v", layers: 3..<4) == [.iq4_xs])
    let large: (inout TensorMixture.Shape) -> Void = { $0.layerCount = 80 }
    #expect(types(mixture(.q4_K_S, large), "attn_v", layers: 30..<31) == [.q5_K])
    #expect(types(mixture(.q3_K_M, large), "attn_v", layers: 30..<31) == [.q5_K])
  }

  @Test("An importance matrix changes the first inner matrices")
  func importance() {
    for (type, without, with) in [
      (FileType.iq4_xs, ElementType.q5_K, ElementType.iq4_xs), (.iq4_nl, .q5_K, .iq4_nl),
      (.q4_0, .q4_0, .q4_1),
      (.q5_0, .q5_0, .q5_1), (.q4_K_M, .q6_K, .q6_K),
    ] {
      #expect(types(mixture(type), "ffn_down", layers: 1..<2) == [without])
      #expect(types(mixture(type, hasImportance: true), "ffn_down", layers: 1..<2) == [with])
      #expect(types(mixture(type, hasImportance: true), "ffn_down", layers: 5..<6) == [type.elementType])
    }
  }

  @Test("Eight experts leave room for better attention")
  func experts() {
    let mixture = mixture(.q4_K_M) { $0.expertCount = 8 }
    #expect(types(mixture, "attn_v", layers: 3..<4) == [.q8_0])
    #expect(types(mixture, "attn_k", layers: 3..<4) == [.q8_0])
    #expect(types(mixture, "attn_output", layers: 3..<4) == [.q5_K])
  }

  @Test("The matrices of all experts are one tensor, and get what a matrix would")
  func stacked() {
    let mixture = mixture(.q4_K_M) { $0.expertCount = 64 }
    for name in ["ffn_gate_exps", "ffn_up_exps", "ffn_down_exps", "ffn_down_shexp"] {
      for layer in 0..<16 {
        let name = "blk.\(layer).\(name).weight"
        #expect(
          mixture.type(of: name, dimensions: [1024, 512, 64])
            == mixture.type(of: name.replacing("_exps", with: ""), dimensions: [1024, 512]))
      }
    }
    #expect(mixture.type(of: "blk.0.ffn_down_exps.weight", dimensions: [1024, 512, 64]) == .q6_K)
    // An expert of so few columns has no blocks of 256.
    #expect(mixture.type(of: "blk.0.ffn_down_exps.weight", dimensions: [1408, 512, 64]) == .q8_0)
    for name in ["ffn_gate_inp.weight", "ffn_gate_inp_shexp.weight", "exp_probs_b.bias"] {
      for dimensions in [[1024], [1024, 64]] {
        #expect(mixture.type(of: "blk.0." + name, dimensions: dimensions) == nil, "\(name)")
      }
    }
  }

  @Test("What makes values from latents gets what values get; rows of keys are short")
  func latents() {
    let mixture = mixture(.q4_K_M) { $0.expertCount = 64 }
    for name in ["attn_kv_b", "attn_v_b"] { #expect(types(mixture, name) == types(mixture, "attn_v")) }
    #expect(mixture.type(of: "blk.0.attn_v_b.weight", dimensions: [512, 128, 16]) == .q6_K)
    #expect(mixture.type(of: "blk.2.attn_v_b.weight", dimensions: [512, 128, 16]) == .q4_K)
    #expect(mixture.type(of: "blk.0.attn_k_b.weight", dimensions: [128, 512, 16]) == .q5_0)
    #expect(mixture.type(of: "blk.0.attn_kv_a_mqa.weight", dimensions: [2048, 576]) == .q4_K)
    #expect(mixture.type(of: "blk.0.attn_kv_a_norm.weight", dimensions: [512]) == nil)
  }

  @Test("Eighty layers alone do not make a dense model of seventy billion")
  func eightyLayers() {
    let mixture = mixture(.q4_K_S) { ($0.layerCount, $0.expertCount) = (80, 32) }
    #expect(types(mixture, "attn_v", layers: 30..<31) == [.q4_K])
  }

  @Test(
    "Rows that are no whole blocks of 256 get blocks of 32",
    arguments: [
      (FileType.q4_K_M, ElementType.q5_0), (.q5_K_M, .q5_1), (.q6_K, .q8_0), (.q3_K_M, .iq4_nl),
      (.q2_K, .iq4_nl),
      (.iq4_xs, .iq4_nl), (.q4_0, .q4_0), (.q8_0, .q8_0), (.f16, .f16),
    ])
  func fallback(type: FileType, expected: ElementType) {
    for columns in [576, 896] {
      let mixture = mixture(type)
      #expect(mixture.type(of: "blk.5.attn_q.weight", dimensions: [columns, 64]) == expected)
      let output: ElementType = type == .f16 ? .f16 : .q8_0
      #expect(mixture.type(of: "output.weight", dimensions: [columns, 64]) == output)
      #expect(
        self.mixture(type, options: .init(isPure: true)).type(
          of: "blk.5.ffn_down.weight", dimensions: [columns, 64]) == expected)
    }
    #expect(mixture(.q4_K_M).type(of: "blk.0.ffn_down.weight", dimensions: [896, 64]) == .q8_0)
  }

  @Test("Rows that are no whole blocks at all stay floats", arguments: FileType.allCases)
  func floats(type: FileType) {
    let expected = type.elementType.isQuantized ? .f16 : type.elementType
    #expect(mixture(type).type(of: "blk.5.attn_q.weight", dimensions: [48, 64]) == expected)
  }

  @Test("What the user asks for comes first")
  func options() {
    let pure = mixture(.q4_K_M, options: .init(isPure: true))
    #expect(types(pure, "attn_v") == Array(repeating: .q4_K, count: 16))
    #expect(pure.type(of: "output.weight", dimensions: [1024, 512]) == .q4_K)
    let chosen = mixture(.q4_K_M, options: .init(outputType: .f16, embeddingType: .q3_K))
    #expect(chosen.type(of: "output.weight", dimensions: [1024, 512]) == .f16)
    #expect(chosen.type(of: "token_embd.weight", dimensions: [1024, 512]) == .q3_K)
    #expect(chosen.type(of: "token_embd.weight", dimensions: [896, 512]) == .iq4_nl)
    let tied = mixture(.q4_K_M, { $0.hasOutput = false }, options: .init(outputType: .q5_K))
    #expect(tied.type(of: "token_embd.weight", dimensions: [1024, 512]) == .q5_K)
  }

  @Test("Hyper-parameters come from the metadata, and what is absent or absurd is left out")
  func shapes() throws {
    var writer = GGUFWriter()
    writer.set("general.architecture", .string("qwen2"))
    writer.set("qwen2.block_count", .uint32(24))
    writer.set("qwen2.attention.head_count", .uint32(14))
    writer.set("qwen2.attention.head_count_kv", .array(MetadataArray([Int32(2), 2])))
    writer.set("qwen2.expert_count", .int64(-1))
    let shape = TensorMixture.Shape(try GGUFFile(bytes: writer.serialized()).metadata, hasOutput: false)
    #expect(
      shape
        == TensorMixture.Shape(
          architecture: "qwen2", layerCount: 24, headCount: 14, keyValueHeadCount: 2, expertCount: 0))
    let none = TensorMixture.Shape(try GGUFFile(bytes: GGUFWriter().serialized()).metadata, hasOutput: true)
    #expect(none == TensorMixture.Shape(architecture: "", layerCount: 0, hasOutput: true))
    #expect(TensorMixture(.q4_K_M, none).type(of: "blk.9.attn_v.weight", dimensions: [256, 2]) != nil)
  }

  @Test("File types have the numbers and names that users know")
  func names() {
    #expect(FileType(named: "q4_k_m") == .q4_K_M)
    #expect(FileType(named: "IQ4_xs") == .iq4_xs)
    #expect(FileType(named: "q4") == nil)
    #expect(ElementType(named: "q6_k") == .q6_K)
    #expect(ElementType(named: "mxfp4") == .mxfp4)
    #expect(ElementType(named: "q8_k") == nil)
    #expect(FileType.allCases.allSatisfy { $0.elementType.isWritable })
    #expect(Set(FileType.allCases.map(\.number)).count == FileType.allCases.count)
    #expect(FileType.q4_K_M.number == 15)
  }
}
