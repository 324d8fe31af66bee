#include "adoptions.h"

#include <fmt/format.h>

#include <boost/unordered/unordered_flat_set.hpp>

#include "core/queue/envelope_codec.h"
#include "system/os/failure.h"

namespace sluice::intake {

namespace {

using Verdict = link::Adopted::Verdict;

void report(const std::string& what) { os::say("alert", "qmail-intake", what); }

void answer(ipc::Link& todo, const store::Adoptee& adoptee, Verdict verdict, Octets text = {}) {
  todo.send(link::Adopted{adoptee.place.number, adoptee.place.part.value_or(link::Adopt::kNotSplit), verdict, text});
}

// Why the envelope cannot be delivered to anybody; empty: it can.
std::string complaint_about(Octets envelope) {
  const auto decoded = queue::decode_envelope(envelope);
  if (!decoded) return fmt::format("malformed envelope: {}", queue::to_string(decoded.error()));
  return decoded->recipients.empty() ? "the envelope has no recipient" : "";
}

store::NewBody new_body(const store::Adoptee& adoptee, const store::Adoption::Prepared& prepared) {
  store::NewBody body;
  body.envelope = adoptee.envelope;
  body.file = prepared.file;
  body.file_length = prepared.length;
  body.uid = adoptee.uid;
  body.pid = adoptee.pid;
  body.arrival = adoptee.arrival;
  return body;
}

}  // namespace

void Adoptions::recover() { adoption_.recover(writer_, report); }

bool Adoptions::take(const link::Frame& frame) {
  const auto adopt = link::Adopt::decode(frame.payload);
  if (!adopt || adopt->inode == 0 || adopt->envelope.size() > queue::kMaximumEnvelope) return false;
  store::TodoPlace place{adopt->inode, std::nullopt};
  if (adopt->part != link::Adopt::kNotSplit) place.part = adopt->part;
  waiting_.push_back(
      {place, adopt->arrival, adopt->uid, adopt->pid, std::string(adopt->envelope), std::string(adopt->extra_header)});
  return true;
}

link::Relocated Adoptions::put_on_top(const link::Relocate& order) const {
  const auto copy = adoption_.copy_with(order.extra_header, order.body);
  if (!copy) report(copy.error().what);
  return {order.id, copy.has_value(), copy.value_or(order.body)};
}

void Adoptions::commit(WallTime now, ipc::Link& todo, const OnStored& stored) {
  const auto waiting = std::exchange(waiting_, {});
  std::vector<const store::Adoptee*> fresh, done;
  std::vector<store::NewBody> batch;
  std::vector<std::unique_ptr<store::LargeBody>> copies;  // made for the batch
  boost::unordered_flat_set<std::uint64_t> bodies;        // of the batch: none may go in twice
  for (const store::Adoptee& adoptee : waiting) {
    if (const std::string complaint = complaint_about(adoptee.envelope); !complaint.empty()) {
      answer(todo, adoptee, Verdict::kRefused, complaint);
      continue;
    }
    if (!bodies.insert(adoptee.place.number).second) {
      answer(todo, adoptee, Verdict::kNotNow, "another message has its number");
      continue;
    }
    auto prepared = adoption_.prepare(adoptee, now);
    if (!prepared && prepared.error().gone) {
      answer(todo, adoptee, Verdict::kTaken);
    } else if (!prepared) {
      answer(todo, adoptee, prepared.error().permanent ? Verdict::kRefused : Verdict::kNotNow, prepared.error().what);
    } else if (prepared->known) {
      done.push_back(&adoptee);
    } else {
      fresh.push_back(&adoptee);
      batch.push_back(new_body(adoptee, *prepared));
      if (prepared->copy) copies.push_back(std::move(prepared->copy));
    }
  }
  const auto appended = writer_.append(batch, now);
  if (!appended) {
    report(appended.error().what);
    for (const auto& copy : copies) copy->discard();
    for (const store::Adoptee* adoptee : fresh)
      answer(todo, *adoptee, Verdict::kNotNow, "the queue cannot write to its disk");
  } else {
    done.insert(done.end(), fresh.begin(), fresh.end());
  }
  adoption_.finish(done, report);
  for (const store::Adoptee* adoptee : done) answer(todo, *adoptee, Verdict::kTaken);
  if (appended) stored(batch, *appended);
}

}  // namespace sluice::intake
