import MinkeHub
import Testing

@Suite struct `Which files of a repository` {
  static func file(_ path: String, _ gigabytes: Double) -> ListedFile {
    ListedFile(path: path.split(separator: "/").map(String.init), size: Int(gigabytes * 1e9), claim: .nothing)
  }

  static let usual = [
    file("README.md", 0), file("m-Q2_K.gguf", 3), file("m-Q3_K_M.gguf", 3.8), file("m-Q4_K_M.gguf", 4.7),
    file("m-Q5_K_M.gguf", 5.4), file("m-Q8_0.gguf", 8), file("m-IQ1_M.gguf", 2), file("mmproj-F16.gguf", 0.8),
    file("m-imatrix.gguf", 0.1),
  ]

  func choose(_ files: [ListedFile], _ request: FileRequest) throws -> [String] {
    try FileChoice.choose(from: files, for: request, repository: "o/r").files.map {
      $0.path.joined(separator: "/")
    }
  }

  @Test(
    arguments: [
      (nil, "m-Q4_K_M.gguf"), (64.0, "m-Q4_K_M.gguf"), (5.0, "m-Q3_K_M.gguf"), (4.0, "m-Q2_K.gguf"),
      (3.0, "m-IQ1_M.gguf"),
    ] as [(Double?, String)]) func `What none names suits the memory`(memory: Double?, expected: String)
    throws
  {
    #expect(try choose(Self.usual, FileRequest(memory: memory.map { Int($0 * 1e9) })) == [expected])
  }

  @Test func `What fits in no form is refused with figures, unless it is named`() throws {
    let error = #expect(throws: HubError.self) { try choose(Self.usual, FileRequest(memory: 1_000_000_000)) }
    #expect(error == .tooLarge(model: "o/r", smallest: 2_456_000_000, memory: 1_000_000_000))
    #expect(try choose(Self.usual, FileRequest(tag: "Q8_0", memory: 1_000_000_000)) == ["m-Q8_0.gguf"])
  }

  @Test(arguments: [
    ("q5_k_m", "m-Q5_K_M.gguf"), ("Q5_K_M", "m-Q5_K_M.gguf"), ("IQ1_M", "m-IQ1_M.gguf"),
    ("latest", "m-Q4_K_M.gguf"),
    ("m-Q2_K.gguf", "m-Q2_K.gguf"),
  ]) func `A tag names one`(tag: String, expected: String) throws {
    #expect(try choose(Self.usual, FileRequest(tag: tag)) == [expected])
  }

  @Test func `A tag that is not there is answered with those that are`() throws {
    let error = #expect(throws: HubError.self) { try choose(Self.usual, FileRequest(tag: "Q6_K")) }
    #expect(error?.description.contains("Q2_K, Q3_K_M, Q4_K_M, Q5_K_M, Q8_0, IQ1_M") == true)
    #expect(throws: HubError.self) { try choose([], FileRequest()) }
    #expect(throws: HubError.self) { try choose([Self.file("a.bin", 1)], FileRequest()) }
  }

  @Test func `A split model is all its parts in order, or not on offer`() throws {
    let parts = [2, 1, 3].map { Self.file("Q4_K_M/m-Q4_K_M-0000\($0)-of-00003.gguf", 2) }
    #expect(
      try choose(parts, FileRequest()) == [1, 2, 3].map { "Q4_K_M/m-Q4_K_M-0000\($0)-of-00003.gguf" })
    #expect(throws: HubError.self) { try choose(Array(parts.dropLast()), FileRequest()) }
    // Its size is that of all parts.
    let both = parts + [Self.file("m-Q3_K_S.gguf", 4)]
    #expect(try choose(both, FileRequest(memory: 6_000_000_000)) == ["m-Q3_K_S.gguf"])
    let hostile = [Self.file("m-00001-of-99999.gguf", 1)]
    #expect(throws: HubError.self) { try choose(hostile, FileRequest()) }
  }

  @Test func `The quantisation may be the folder's`() throws {
    let files = [Self.file("BF16/m.gguf", 9), Self.file("Q8_0/m.gguf", 5)]
    #expect(try choose(files, FileRequest(tag: "bf16")) == ["BF16/m.gguf"])
    #expect(try choose(files, FileRequest()) == ["Q8_0/m.gguf"])
  }

  @Test func `Without GGUF it is the folder of safetensors with what belongs to it`() throws {
    let files = [
      "config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "tokenizer.json",
      "consolidated.safetensors", "original/x.safetensors", "README.md", "Config.json", "pytorch_model.bin",
      "tokenizer.model", "chat_template.jinja",
    ].map { Self.file($0, 1) }
    #expect(
      try choose(files, FileRequest()) == [
        "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "config.json",
        "tokenizer.json",
        "tokenizer.model", "chat_template.jinja",
      ])
    #expect(
      try choose(Self.usual + files, FileRequest(format: .safetensors)).first?.hasPrefix("model-0") == true)
    #expect(try choose(Self.usual + files, FileRequest()) == ["m-Q4_K_M.gguf"])
    #expect(throws: HubError.self) { try choose(files, FileRequest(format: .gguf)) }
    #expect(throws: HubError.self) { try choose(files, FileRequest(tag: "Q4_K_M")) }
  }

  @Test(
    arguments: [
      ("Qwen3-4B-Q4_K_M.gguf", "Q4_K_M"), ("qwen2.5-0.5b-instruct-q8_0.gguf", "Q8_0"),
      ("m.Q5_K_S.gguf", "Q5_K_S"),
      ("M-UD-Q4_K_XL.gguf", "UD-Q4_K_XL"), ("m-f16.gguf", "F16"), ("m-bf16-00001-of-00002.gguf", "BF16"),
      ("model.gguf", nil), ("Qwen-7B.gguf", nil), ("q4.gguf", nil), ("m-IQ4_XS.gguf", "IQ4_XS"),
    ] as [(String, String?)]) func `A file's name says how its weights are stored`(
      name: String, expected: String?
    )
  {
    #expect(Quantization(fileName: name)?.name == expected)
  }

  @Test(arguments: [
    "", ".", "..", ".git", "a/b", "a\\b", "a\nb", "a\u{0}", "C:x", "a\u{202E}b",
    String(repeating: "a", count: 201),
  ])
  func `A hostile name is no plain one`(name: String) {
    #expect(!FileName.isPlain(name))
    #expect(FileName.components(of: "x/" + name + "/y") == nil || name == "a/b")
  }
}

@Suite struct `Places that people name` {
  @Test(
    arguments: [
      ("hf.co/Owner/Repo:Q4_K_M", "hf.co/owner/repo", "q4_k_m"),
      ("huggingface.co/Owner/Repo", "hf.co/owner/repo", nil),
      ("https://huggingface.co/Owner/Repo", "hf.co/owner/repo", nil),
      ("https://huggingface.co/O/R/tree/main", "hf.co/o/r", nil),
      ("https://huggingface.co/O/R/resolve/main/a/M-Q4_0.gguf?download=true", "hf.co/o/r", "a-m-q4_0"),
      ("https://huggingface.co/O/R/blob/main/Model.gguf", "hf.co/o/r", "model"),
      ("modelscope.cn/O/R:q8_0", "modelscope.cn/o/r", "q8_0"),
      ("https://modelscope.cn/models/O/R", "modelscope.cn/o/r", nil),
      ("HF.co/o/r:some.gguf", "hf.co/o/r", "some"), ("hf.co/o/r:A-Q4_0.gguf", "hf.co/o/r", "a-q4_0"),
      ("https://huggingface.co/O/R/resolve/v2/M.gguf", "hf.co/o/r", "m-v2"),
    ] as [(String, String, String?)]) func `A repository is known by its store's name`(
      text: String, name: String, tag: String?
    ) throws
  {
    let reference = try #require(try RemoteReference(text))
    #expect(reference.storeName == name && reference.storeTag == tag)
    #expect(throws: Never.self) { try ModelName(name: name, tag: tag ?? "x") }
  }

  @Test func `An address is known by host, file and digest`() throws {
    let one = try #require(
      try RemoteReference("https://x.org:8443/a/My Model.gguf".replacing(" ", with: "%20")))
    #expect(one.storeName == "url/x.org_8443/my-model")
    let other = try #require(try RemoteReference("https://x.org:8443/b/My%20Model.gguf"))
    #expect(one.storeName == other.storeName && one.storeTag != other.storeTag && one.storeTag?.count == 8)
  }

  @Test(arguments: ["smollm2", "qwen3:4b", "./a.gguf", "/a/b/c", "a/b", "What is hf.co?", "", "C:\\x"])
  func `Other text is no place`(text: String) throws {
    #expect(try RemoteReference(text) == nil)
  }

  @Test(arguments: [
    "hf.co/", "hf.co/owner", "hf.co/../x", "hf.co/o/r/../../etc", "hf.co/o/r:../x", "hf.co/o\u{0}/r",
    "hf.co/o/r/resolve/main/../x", "hf.co/o/r/tree/main/Q8_0",
    "hf.co/.o/r", "hf.co/o/r/other/x", "https://u:p@h.org/x.gguf", "http://", "hf.co/o/r:", "hf.co/o r/x",
  ]) func `A malformed place is an error`(text: String) {
    #expect(throws: HubError.self) { try RemoteReference(text) }
  }
}
