import MinkeChat
import Testing

@Suite struct `Final answers` {
  @Test(arguments: [
    (#"So \boxed{1} and then \boxed{\frac{3}{4}}."#, #"\frac{3}{4}"#, FinalAnswer.Source.boxed),
    (#"\boxed{x \in \{1, 2\}}"#, #"x \in \{1, 2\}"#, .boxed),
    (#"\boxed{5} but then \boxed{6"#, "5", .boxed),
    (#"\boxed{7} \boxed{ }"#, "7", .boxed),
    (#"\boxed {8}"#, "8", .boxed),
    (#"\fbox{9}"#, "9", .boxed),
    (#"\boxed{a \boxed{b} c}"#, "b", .boxed),
    ("The final answer is 42. I hope it is correct.", "42", .statement),
    ("The answer is: **3.14**", "3.14", .statement),
    ("**Final Answer**\n\n$12$", "$12$", .statement),
    ("Answer: (B)", "(B)", .statement),
    ("The final answer depends on x. So 5", "5", .number),
    ("ANSWER: yes\nbecause the other answer is wrong. Answer: no", "no", .statement),
    ("所以答案是 15。谢谢", "15", .statement),
    ("It costs 3 dollars, so we pay 1,250.50.", "1,250.50", .number),
    ("from -3 to -7", "-7", .number),
    ("pages 3-7", "7", .number),
    ("a probability of 3/8 remains", "3/8", .number),
    ("so .5 it is", ".5", .number),
    ("First.\nParis\n", "Paris", .line),
    ("> **Blue**", "Blue", .line),
  ])
  func `are found`(text: String, expected: String, source: FinalAnswer.Source) {
    let answer = FinalAnswer.extract(from: text)
    #expect(answer?.text == expected)
    #expect(answer?.source == source)
  }

  @Test(arguments: ["", "  \n\n", "**", #"\boxed{}"#, #"\text{ }"#, "\n***\n", "$$"])
  func `are not found where there is none`(text: String) {
    #expect(FinalAnswer.extract(from: text) == nil)
  }

  @Test(arguments: [
    ("42", "42."), ("42", " $42$ "), ("42", #"\(42\)"#), ("42", "42.0"), ("42", "042"), ("42", "+42"),
    ("42", "x = 42"), ("42", #"\text{42}"#), ("42", #"\mathbf{42}"#), ("-3", "−3"), ("0", "-0"),
    ("0", "0.00"),
    ("1/2", #"\frac{1}{2}"#), ("1/2", #"\dfrac12"#), ("1/2", "0.5"), ("1/2", ".50"), ("2/4", "1/2"),
    ("-1/3", #"-\frac{1}{3}"#), ("-1/3", #"\frac{-2}{6}"#), ("-1/3", "1/-3"), ("6/3", "2"),
    ("1234567", "1,234,567"), ("1234567", "1{,}234{,}567"), ("1234567", #"1\,234\,567"#),
    ("1234.5", "1,234.50"),
    ("90", #"90^\circ"#), ("90", #"90^{\circ}"#), ("90", "90°"), ("90", "90 degrees"), ("50", #"50\%"#),
    ("50", "50%"), ("50", "50 percent"), ("yes", "Yes"), ("yes", "YES."), ("Paris", "  paris "),
    ("New York", "new  york"), ("A", "(A)"), ("A", "a)"), ("A", #"\text{(A)}"#), ("A", "**A**"),
    ("(1,2)", "( 1 , 2 )"), ("(1,2)", #"\left(1, 2\right)"#), ("[0,1)", "[0, 1)"),
    (#"2\pi"#, "2π"), (#"\sqrt{2}"#, #"\sqrt2"#), (#"3\sqrt{5}"#, #"3 \sqrt {5}"#),
    (#"\frac{x+1}{2}"#, #"\dfrac{x + 1}{2}"#), ("x^2", "x^{2}"), (#"x \le 3"#, "x ≤ 3"), (#"\infty"#, "∞"),
    (#"2 \cdot 3"#, "2 × 3"), (#"\{1, 2\}"#, #"\left\{1,2\right\}"#), ("(1,234)", "(1, 234)"),
  ])
  func `are equal`(first: String, second: String) {
    #expect(FinalAnswer.normalize(first) == FinalAnswer.normalize(second))
  }

  @Test(arguments: [
    ("42", "43"), ("42", "-42"), ("42", "4.2"), ("1/2", "1/3"), ("1/2", "2"), ("1,23", "123"),
    ("1.234", "1234"),
    ("yes", "no"), ("(1,2)", "(2,1)"), ("(1,2)", "[1,2]"), ("(1,2)", "12"), ("(1,234)", "1234"),
    ("x^2", "x2"),
    (#"\sqrt{2}"#, "2"), (#"\sqrt[3]{2}"#, #"\sqrt{2}"#), (#"\frac{x+1}{2}"#, "x+1/2"), ("A", "B"),
    ("x", "x+1"),
    ("x<3", "x<=3"), ("1.1", "11"), ("10", "1"), ("100", "1"), ("5", "5 apples"), ("0.3333333333333", "1/3"),
    ("newyork", "new york"),
  ])
  func `differ`(first: String, second: String) {
    #expect(FinalAnswer.normalize(first) != FinalAnswer.normalize(second))
  }

  @Test func `an answer in its normal form stays as it is`() {
    for text in ["1/3", "0.5", "new york", "(1,2)", "x^(10)", "sqrt(2)", "-7", "(x+1)/2"] {
      #expect(FinalAnswer.normalize(text) == text)
    }
  }

  @Test(arguments: [
    #"\boxed{"#, "{", "}", "\\", #"\frac"#, "answer:", "1,", "9", ".", "°", "^", #"\sqrt["#, #"\boxed{{"#,
    "\n", "final answer\n",
  ])
  func `the most repetitive texts take linear time`(piece: String) {
    let text = String(repeating: piece, count: 150_000 / piece.utf8.count)
    let clock = ContinuousClock()
    let time = clock.measure {
      _ = FinalAnswer.extract(from: text)
      _ = FinalAnswer.normalize(text)
    }
    #expect(time < .seconds(4))
  }
}
