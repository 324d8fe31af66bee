// Door 1: the native socket of a queue.
#include <fmt/format.h>

#include "core/queue/envelope_codec.h"
#include "core/select/queue_choice.h"
#include "system/ipc/offered_queues.h"
#include "system/submission/doors.h"
#include "system/submission/intake_link.h"

namespace sluice::submission {

namespace {

constexpr std::uint64_t kToken = 1;  // one message a link
constexpr std::size_t kPiece = 64 << 10;

using Answer = Result<queue::MessageId, IntakeRefusal>;

IntakeRefusal not_stored(std::string text) { return {{false, std::move(text)}, true}; }

// The rest of a large message, in pieces; only when the intake has all of it is the end said. False: not all of it
// could be sent, and the intake's answer, or the state of the link, tells why.
Result<bool, IntakeRefusal> stream(IntakeLink& intake, Message& message) {
  std::string piece(message.beginning());
  for (;;) {
    intake.put(link::SubmitData{kToken, piece});
    if (!intake.send()) return false;
    piece.resize(kPiece);
    const auto count = message.read_rest(piece.data(), piece.size());
    if (!count) return fail(not_stored(count.error()));
    if (*count == 0) break;
    piece.resize(*count);
  }
  intake.put(link::SubmitEnd{kToken});
  return intake.send();
}

Answer understand(const link::Frame& frame) {
  if (frame.type == link::FrameType::kSubmitted) {
    const auto submitted = link::Submitted::decode(frame.payload);
    if (submitted && submitted->token == kToken) return submitted->id;
  }
  if (frame.type == link::FrameType::kSubmitRefused) {
    const auto refused = link::SubmitRefused::decode(frame.payload);
    if (refused && refused->token == kToken)
      return fail(IntakeRefusal{{refused->permanent, std::string(refused->text)}, true});
  }
  return fail(IntakeRefusal{{false, "the queue's answer cannot be understood"}, false});
}

Answer try_queue(const Doors& doors, const std::string& path, Octets envelope, Message& message,
                 const std::optional<Whom>& whom) {
  auto intake = IntakeLink::open(path, doors.role, doors.patience);
  if (!intake) return fail(not_stored(intake.error()));
  if (whom) intake->put(link::SubmitFor{whom->uid, whom->pid});
  Result<bool, IntakeRefusal> complete = true;
  if (message.whole()) {
    intake->put(link::Submit{kToken, envelope, message.beginning()});
    complete = intake->send();
  } else {
    intake->put(link::SubmitOpen{kToken, envelope});
    complete = stream(*intake, message);
  }
  if (!complete) return fail(std::move(complete.error()));
  if (const auto frame = intake->answer()) return understand(*frame);
  if (!*complete) return fail(not_stored(fmt::format("{}: {}", path, intake->broken())));
  return fail(IntakeRefusal{{false, fmt::format("{}: {}; the message may be queued", path, intake->broken())}, false});
}

// Queues of other groups than the message's are the last to be tried: better there than nowhere.
void prefer_group(const Doors& doors, const mail::Envelope& envelope, std::vector<select::QueueState>& states) {
  if (!doors.rules || doors.groups.size() != states.size()) return;
  const std::size_t group =
      doors.rules->choose(envelope.recipients, [](const mail::Recipient& one) -> Octets { return one.address; });
  for (std::size_t i = 0; i < states.size(); ++i)
    if (doors.groups[i] != group) states[i].load += select::kOtherGroup;
}

}  // namespace

Answer submit_to_intake(const Doors& doors, const mail::Envelope& envelope, Message& message,
                        const std::optional<Whom>& whom) {
  std::string encoded;
  if (!queue::encode_envelope(encoded, envelope) || encoded.size() > queue::kMaximumEnvelope)
    return fail(IntakeRefusal{{true, "the envelope is too large for one message"}, true});
  std::vector<select::QueueState> states = doors.states;
  if (states.size() != doors.intakes.size()) states.assign(doors.intakes.size(), {.open = true});
  prefer_group(doors, envelope, states);
  select::QueueChoice choice(ipc::some_turn());
  IntakeRefusal last = not_stored("no queue is known");
  while (const auto queue = choice.next(states)) {
    if (!message.ready()) return fail(std::move(last));
    auto answer = try_queue(doors, doors.intakes[*queue], encoded, message, whom);
    if (answer || answer.error().refusal.permanent || !answer.error().nothing_stored) return answer;
    last = std::move(answer.error());
    states[*queue].open = false;
  }
  return fail(std::move(last));
}

Answer submit_to_intake(const Doors& doors, const mail::Envelope& envelope, Source& body, std::optional<Whom> whom) {
  auto message = Message::begin(body);
  if (!message) return fail(not_stored(message.error()));
  return submit_to_intake(doors, envelope, *message, whom);
}

}  // namespace sluice::submission
