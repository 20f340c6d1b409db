/// The formats that are checked, as regular expressions over the whole string.
enum StringFormats {
  static let patterns: [String: String] = [
    "date": date,
    "time": time,
    "date-time": "(?:\(date))[Tt](?:\(time))",
    "duration": duration,
    "uuid": "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
    "ipv4": ipv4,
    "ipv6": ipv6,
    "email": email,
    "uri": uri,
    "json-pointer": "(?:/(?:[^/~]|~[01])*)*",
    "relative-json-pointer": "(?:0|[1-9][0-9]*)(?:#|(?:/(?:[^/~]|~[01])*)*)",
  ]

  /// RFC 3339 `full-date`, with the days of each month and leap years.
  private static let date: String = {
    let leap = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
    let days = "(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    return "[0-9]{4}-(?:\(days)|02-(?:0[1-9]|1[0-9]|2[0-8]))|\(leap)-02-29"
  }()

  /// RFC 3339 `full-time`; leap seconds only in UTC.
  private static let time: String = {
    let hour = "(?:[01][0-9]|2[0-3])"
    let offset = "(?:[Zz]|[+-]\(hour):[0-5][0-9])"
    let leap = "23:59:60(?:\\.[0-9]+)?(?:[Zz]|[+-]00:00)"
    return "\(hour):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]+)?\(offset)|\(leap)"
  }()

  /// RFC 3339, appendix A.
  private static let duration: String = {
    let time = "T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S)"
    let date = "(?:[0-9]+D|[0-9]+M(?:[0-9]+D)?|[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?)"
    return "P(?:[0-9]+W|\(date)(?:\(time))?|\(time))"
  }()

  private static let octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
  private static let ipv4 = "\(octet)(?:\\.\(octet)){3}"

  /// RFC 3986 `IPv6address`.
  private static let ipv6: String = {
    let group = "[0-9A-Fa-f]{1,4}"
    let last = "(?:\(group):\(group)|\(ipv4))"
    var forms = ["(?:\(group):){6}\(last)", "::(?:\(group):){5}\(last)"]
    for before in 0...4 {
      let start = "(?:(?:\(group):){0,\(before)}\(group))?"
      forms.append("\(start)::(?:\(group):){\(4 - before)}\(last)")
    }
    forms.append("(?:(?:\(group):){0,5}\(group))?::\(group)")
    forms.append("(?:(?:\(group):){0,6}\(group))?::")
    return forms.joined(separator: "|")
  }()

  /// RFC 5321 `Mailbox`.
  private static let email: String = {
    let atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
    let quoted = "\"(?:[ !#-\\[\\]-~]|\\\\[ -~])*\""
    let label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    let literal = "\\[(?:\(ipv4)|IPv6:(?:\(ipv6)))\\]"
    return "(?:\(atom)(?:\\.\(atom))*|\(quoted))@(?:\(label)(?:\\.\(label))*|\(literal))"
  }()

  /// RFC 3986 `URI`.
  private static let uri: String = {
    let escape = "%[0-9A-Fa-f]{2}"
    let plain = "A-Za-z0-9._~!$&'()*+,;="
    let character = "(?:[\(plain):@-]|\(escape))"
    let user = "(?:(?:[\(plain):-]|\(escape))*@)?"
    let host = "(?:\\[(?:\(ipv6))\\]|(?:[\(plain)-]|\(escape))*)"
    let rest = "(?:/\(character)*)*"
    let path = "(?://\(user)\(host)(?::[0-9]*)?\(rest)|/(?:\(character)+\(rest))?|\(character)+\(rest)|)"
    let query = "(?:\(character)|[/?])*"
    return "[A-Za-z][A-Za-z0-9+.-]*:\(path)(?:\\?\(query))?(?:#\(query))?"
  }()
}
