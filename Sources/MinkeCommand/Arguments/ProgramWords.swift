internal import CMinkeStart

/// The line that started this program.
enum ProgramWords {
  /// The program's own word, then its arguments. Swift reads them under `/proc`, and finds none where there is none.
  static let all: [String] = {
    let known = CommandLine.arguments
    guard known.isEmpty else { return known }
    var words: [String] = []
    // Unsafe: the words are terminated and live as long as the process; they are copied.
    while let word = unsafe minke_start_word(words.count) { words.append(unsafe String(cString: word)) }
    return words
  }()
}
