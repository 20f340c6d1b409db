import MinkeCommand
import Testing

@Suite struct `Which word is the model` {
  func decide(_ words: String...) throws -> ModelAndPrompt {
    try ModelAndPrompt(words: words) { ["smollm2", "gemma3", "./here"].contains($0) }
  }

  @Test func `One word is a model if it names one, else the prompt`() throws {
    #expect(try decide() == ModelAndPrompt(model: nil, prompt: nil))
    #expect(try decide("smollm2") == ModelAndPrompt(model: "smollm2", prompt: nil))
    #expect(try decide("./here") == ModelAndPrompt(model: "./here", prompt: nil))
    #expect(try decide("missing.gguf") == ModelAndPrompt(model: "missing.gguf", prompt: nil))
    #expect(try decide("mistyped:7b") == ModelAndPrompt(model: "mistyped:7b", prompt: nil))
    for place in ["hf.co/o/r", "hf.co/o/r:Q8_0", "https://example.org/m.gguf", "ollama:qwen3:4b"] {
      #expect(try decide(place) == ModelAndPrompt(model: place, prompt: nil))
    }
    let question = "What is the capital of France?"
    #expect(try decide(question) == ModelAndPrompt(model: nil, prompt: question))
    #expect(try decide("Hello") == ModelAndPrompt(model: nil, prompt: "Hello"))
    #expect(try decide("explain a: b") == ModelAndPrompt(model: nil, prompt: "explain a: b"))
    #expect(try decide("Read model.gguf") == ModelAndPrompt(model: nil, prompt: "Read model.gguf"))
  }

  @Test func `Two words are model and prompt, more are a mistake`() throws {
    #expect(try decide("smollm2", "gemma3") == ModelAndPrompt(model: "smollm2", prompt: "gemma3"))
    #expect(try decide("unknown", "Hi") == ModelAndPrompt(model: "unknown", prompt: "Hi"))
    #expect(throws: CommandError.self) { try decide("smollm2", "What", "is") }
  }
}

@Suite struct `What Ctrl-C does` {
  @Test func `The first stops, the second leaves, and work done starts anew`() {
    var policy = InterruptPolicy()
    #expect(policy.interrupt() == .stop)
    #expect(policy.interrupt() == .leave)
    policy.reset()
    #expect(policy.interrupt() == .stop)
  }
}

@Suite struct `Memory that can be had` {
  let meminfo = "MemTotal: 100 kB\nMemFree: 1 kB\nMemAvailable:     2000 kB\n"

  func available(_ files: [String: String]) -> Int? {
    SystemMemory.linuxAvailable { files[$0] }
  }

  @Test func `Without limits it is what the machine has`() {
    #expect(available(["/proc/meminfo": meminfo]) == 2_048_000)
    #expect(available([:]) == nil)
    #expect(available(["/proc/meminfo": "MemAvailable: x kB\n"]) == nil)
    #expect(available(["/proc/meminfo": "MemAvailable: 9223372036854775807 kB\n"]) == nil)
  }

  @Test func `A control group's limit counts, also one above`() {
    let files = [
      "/proc/meminfo": meminfo, "/proc/self/cgroup": "0::/a/b\n",
      "/sys/fs/cgroup/a/b/memory.max": "max\n",
      "/sys/fs/cgroup/a/memory.max": "1000000\n", "/sys/fs/cgroup/a/memory.current": "600000\n",
      "/sys/fs/cgroup/a/memory.stat": "anon 5\ninactive_file 100000\n",
    ]
    #expect(available(files) == 500_000)
  }

  @Test func `The first version of control groups is read too`() {
    let files = [
      "/proc/meminfo": meminfo, "/proc/self/cgroup": "5:cpu:/x\n4:memory,other:/box\n",
      "/sys/fs/cgroup/memory/box/memory.limit_in_bytes": "700000\n",
      "/sys/fs/cgroup/memory/box/memory.usage_in_bytes": "900000\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    ]
    #expect(available(files) == 0)
  }

  @Test func `What a model may take at all is nine tenths of the machine, or a group's limit`() {
    #expect(SystemMemory.linuxInstalled { ["/proc/meminfo": meminfo][$0] } == 92_160)
    let files = [
      "/proc/meminfo": "MemTotal: 10000 kB\n", "/proc/self/cgroup": "0::/a\n",
      "/sys/fs/cgroup/a/memory.max": "1000000\n", "/sys/fs/cgroup/a/memory.current": "900000\n",
    ]
    #expect(SystemMemory.linuxInstalled { files[$0] } == 1_000_000)
  }

  @Test func `Hostile texts are no harm`() {
    for text in ["", ":", "::", "0::\n", "0::/../../etc\n", "0::/a//b\n", "\u{0}"] {
      #expect(available(["/proc/meminfo": meminfo, "/proc/self/cgroup": text]) == 2_048_000)
    }
    let negative = ["/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "-5\n"]
    #expect(available(negative) == 0)
  }

  @Test func `A model that does not fit is refused with figures`() throws {
    let check = MemoryCheck(weights: 4_000_000_000, cache: 500_000_000, scratch: 100_000_000)
    try check.check(available: 4_600_000_000)
    try check.check(available: nil)
    let error = #expect(throws: CommandError.self) {
      try check.check(available: 3_000_000_000)
    }
    let text = error?.description ?? ""
    for figure in ["4.6 GB", "4.0 GB", "500.0 MB", "100.0 MB", "3.0 GB"] {
      #expect(text.contains(figure))
    }
    #expect(MemoryCheck(weights: .max, cache: .max, scratch: 1).total == .max)
  }
}

@Suite struct `What is entered in a chat` {
  @Test(arguments: [
    ("", ChatInput.nothing), (" \n", .nothing), ("/help", .command(.help)), ("/exit \n", .command(.exit)),
    ("/quit", .command(.exit)), ("/clear", .command(.reset)), ("/frobnicate", .unknownCommand("frobnicate")),
    ("/usr/bin what is it?", .message("/usr/bin what is it?")), (" /help", .message(" /help")),
    ("/", .message("/")), ("Hi /help", .message("Hi /help")), ("/Help", .message("/Help")),
  ]) func `A slash and one word is a command`(text: String, expected: ChatInput) {
    #expect(ChatInput(text) == expected)
  }

  @Test func `Help names every command`() {
    for command in ChatInput.Command.allCases { #expect(ChatInput.help.contains("/" + command.rawValue)) }
  }
}

@Suite struct `Numbers and tables` {
  @Test func `A list of numbers is what stands between commas`() throws {
    #expect(try NumberList.parse("0,4096", in: 0...5000) == [0, 4096])
    #expect(try NumberList.parse("7", in: 7...7) == [7])
  }

  @Test(arguments: ["", ",", "1,", "a", "1 2", "-1", "11", "1,99999999999999999999"])
  func `Anything else is refused with what was found`(text: String) {
    let error = #expect(throws: CommandError.self) { try NumberList.parse(text, in: 0...10) }
    #expect(error?.description.contains("expected numbers from 0 to 10, separated by commas") == true)
  }

  @Test(arguments: [
    (0.0, 2, "0.00"), (1.005, 1, "1.0"), (12.345, 2, "12.35"), (0.0456, 3, "0.046"), (1234.5, 0, "1235"),
    (.nan, 1, "-"), (.infinity, 1, "-"), (-1, 1, "-"), (1e300, 1, "-"),
  ]) func `A decimal has the digits asked for`(value: Double, places: Int, text: String) {
    #expect(decimalText(value, places) == text)
  }

  @Test func `A Markdown table says how its columns are aligned`() {
    var table = Table([("NAME", .left), ("SIZE", .right)])
    table.add(["a|b", "1"])
    #expect(table.markdown == "| NAME | SIZE |\n| --- | ---: |\n| a\\|b | 1 |\n")
  }
}
