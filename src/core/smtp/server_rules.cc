#include "core/smtp/server_rules.h"

namespace sluice::smtp {
namespace {

struct Row {
  Verb verb;
  std::array<Ruling, kStages> at;
};

constexpr Ruling Yes = Ruling::kAllowed;
constexpr Ruling Helo = Ruling::kHelloFirst;
constexpr Ruling Mail = Ruling::kSenderFirst;
constexpr Ruling Nest = Ruling::kNested;
constexpr Ruling Rcpt = Ruling::kNoRecipients;
constexpr Ruling Bdat = Ruling::kInChunks;
constexpr Ruling Free = Ruling::kInTransaction;
constexpr Ruling Off = Ruling::kNotOffered;
constexpr Ruling What = Ruling::kUnknown;

// clang-format off
constexpr std::array<Row, kVerbs> kRules{{
    //                 connected greeted sender recipients chunks
    {Verb::kHelo,     {Yes,      Yes,    Yes,   Yes,       Yes }},
    {Verb::kEhlo,     {Yes,      Yes,    Yes,   Yes,       Yes }},
    {Verb::kMail,     {Helo,     Yes,    Nest,  Nest,      Bdat}},
    {Verb::kRcpt,     {Helo,     Mail,   Yes,   Yes,       Bdat}},
    {Verb::kData,     {Helo,     Mail,   Rcpt,  Yes,       Bdat}},
    {Verb::kBdat,     {Helo,     Mail,   Rcpt,  Yes,       Yes }},
    {Verb::kRset,     {Yes,      Yes,    Yes,   Yes,       Yes }},
    {Verb::kNoop,     {Yes,      Yes,    Yes,   Yes,       Yes }},
    {Verb::kQuit,     {Yes,      Yes,    Yes,   Yes,       Yes }},
    {Verb::kVrfy,     {Yes,      Yes,    Yes,   Yes,       Yes }},
    {Verb::kExpn,     {Off,      Off,    Off,   Off,       Off }},
    {Verb::kHelp,     {Yes,      Yes,    Yes,   Yes,       Yes }},
    {Verb::kStartTls, {Off,      Off,    Off,   Off,       Off }},
    {Verb::kAuth,     {Off,      Off,    Off,   Off,       Off }},
    {Verb::kEtrn,     {Yes,      Yes,    Free,  Free,      Bdat}},
    {Verb::kUnknown,  {What,     What,   What,  What,      What}},
}};
// clang-format on

constexpr bool rows_are_in_order() {
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    if (kRules[i].verb != static_cast<Verb>(i)) return false;
  }
  return true;
}
static_assert(rows_are_in_order(), "the table is indexed by verb");

}  // namespace

Ruling ruling_on(Verb verb, Stage stage) {
  return kRules[static_cast<std::size_t>(verb)].at[static_cast<std::size_t>(stage)];
}

Octets refusal_of(Ruling ruling) {
  switch (ruling) {
    case Ruling::kHelloFirst:
      return "503 5.5.1 Say HELO or EHLO first\r\n";
    case Ruling::kSenderFirst:
      return "503 5.5.1 Say MAIL first\r\n";
    case Ruling::kNested:
      return "503 5.5.1 Sender already given\r\n";
    case Ruling::kNoRecipients:
      return "554 5.5.1 No valid recipients\r\n";
    case Ruling::kInTransaction:
      return "503 5.5.1 Not within a transaction\r\n";
    case Ruling::kInChunks:
      return "503 5.5.1 Only BDAT may follow BDAT\r\n";
    case Ruling::kUnknown:
      return "500 5.5.1 Command not recognised\r\n";
    case Ruling::kAllowed:
    case Ruling::kNotOffered:
      break;
  }
  return "502 5.5.1 Command not implemented\r\n";
}

}  // namespace sluice::smtp
