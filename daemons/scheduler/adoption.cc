#include "adoption.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "core/adoption/adopted.h"
#include "system/store/todo_files.h"

namespace sluice::scheduler {

namespace {

constexpr std::size_t kBetweenSyncs = 2000;  // messages whose records wait in memory
constexpr std::size_t kNamed = 50;           // messages that cannot be taken, named one by one

constexpr std::size_t kCompared = 1u << 18;  // octets at once

// A message is preprocessed after it was written. One that is younger than its info file by more than a clock may be
// set back is another one with the same number.
constexpr std::chrono::hours kClockSlack{1};

std::vector<std::string> addresses_of(const queue::Image::MessageView& message) {
  std::vector<std::string> addresses;
  message.each_recipient(
      [&](const queue::Image::RecipientView& recipient) { addresses.emplace_back(recipient.address); });
  return addresses;
}

}  // namespace

Result<Adoption::Done, store::Trouble> Adoption::run(WallTime now) {
  auto places = store::list_preprocessed(*settings_.options.disk, settings_.directory, report_);
  if (!places) return fail(std::move(places.error()));
  if (places->empty()) return Done{};
  if (const auto synced = settings_.options.disk->sync_file_system(settings_.directory); !synced)
    return fail(store::trouble("cannot sync " + settings_.directory, synced.error()));
  look();
  for (const store::PreprocessedPlace& place : *places) {
    judge(place, now);
    if (failed_) break;
  }
  if (failed_ || !state_.sync()) return fail(store::Trouble{0, "the state log cannot be written"});
  if (left_ > kNamed) report_(fmt::format("{} more messages of info/ cannot be taken over", left_ - kNamed));

  Done done;
  std::vector<store::PreprocessedPlace> kept;
  const auto removed =
      store::remove_preprocessed(*settings_.options.disk, settings_.directory, to_remove_, kept, report_);
  if (!removed) return fail(removed.error());
  for (const store::PreprocessedPlace& place : kept)
    if (const auto ours = bodies_.find(place.number); ours != bodies_.end()) done.withheld.insert(ours->second.id);
  done.fresh = std::move(fresh_);
  for (const WithHeader& each : with_headers_) done.withheld.insert(each.id);
  done.with_headers = std::move(with_headers_);
  return done;
}

// What is here already.
void Adoption::look() {
  queue::MessageId after;
  for (bool more = true; more;) {
    const auto next = state_.image.visit(after, 1000, [this](const queue::Image::MessageView& message) {
      last_ = std::max(last_, message.id());
      const queue::BodyRef body = message.body();
      if (body.storage != queue::BodyRef::Storage::kFile) return;
      const Ours ours{message.id(), message.arrival(), body.segment, body.length};
      bodies_[body.segment] = ours;
      known_[to_millis(ours.arrival)].push_back(ours);
    });
    more = next.has_value();
    if (next) after = *next;
  }
  const auto todo = store::list_todo(*settings_.options.disk, settings_.directory);
  if (!todo) return report_(todo.error().what);
  for (const store::TodoPlace& place : *todo) todo_.emplace(place.number, place);
}

void Adoption::judge(const store::PreprocessedPlace& place, WallTime now) {
  const auto todo = todo_.find(place.number);
  if (todo != todo_.end()) {
    const auto read = store::read_todo(*settings_.options.disk, settings_.directory, todo->second);
    if (!read) return leave(read.error().what);
    to_remove_.push_back(place);
    return;
  }
  take(place, now);
}

void Adoption::take(const store::PreprocessedPlace& place, WallTime now) {
  const auto message = store::read_preprocessed(*settings_.options.disk, settings_.directory, place);
  if (!message) return leave(message.error().what);
  const std::string name = fmt::format("info/{}/{}", place.part, place.number);
  if (const auto ours = bodies_.find(place.number); ours != bodies_.end()) {
    if (ours->second.arrival != message->birth && message->birth <= now)
      return leave(fmt::format("{}: its number belongs to message {}", name, ours->second.id.raw()));
    take_again(*message, ours->second.id, now);
    clear(place, ours->second.id, message->info);
    return;
  }
  if (const auto ours = with_header_on_top(place, *message)) {
    bodies_[place.number] = *ours;
    to_remove_.push_back(place);
    return;
  }
  const auto length = length_of_body(place, message->birth);
  if (!length) return leave(fmt::format("{}: {}", name, length.error()));

  adoption::Circumstances circumstances = circumstances_at(now);
  circumstances.id = queue::next_message_id(last_, settings_.number, now, queue::IdMaker::kAdoption);
  circumstances.body = {queue::BodyRef::Storage::kFile, place.number, 0, *length};
  const adoption::Adopted adopted(*message, router_, circumstances);
  if (adopted.too_long()) return leave(fmt::format("{}: it has an address that is too long, or too many", name));
  last_ = circumstances.id;
  record(adopted, now);
  if (!state_.image.find(last_)) return leave(fmt::format("{}: its envelope is too large", name));
  bodies_[place.number] = {last_, adopted.message().arrival, place.number, *length};
  fresh_.push_back(last_);
  clear(place, last_, message->info);
}

// The message is in the state log: its files can go, now or when its extra header is on top of its body.
void Adoption::clear(const store::PreprocessedPlace& place, queue::MessageId id, const queue::InfoFile& info) {
  if (info.extra_header.empty())
    to_remove_.push_back(place);
  else
    with_headers_.push_back({id, place, info.extra_header});
}

// The message of ours whose body is that of `place` with its extra header on top.
std::optional<Adoption::Ours> Adoption::with_header_on_top(const store::PreprocessedPlace& place,
                                                           const queue::Preprocessed& message) const {
  const std::string& header = message.info.extra_header;
  const auto same_time = known_.find(to_millis(message.birth));
  if (header.empty() || same_time == known_.end()) return std::nullopt;
  const auto length = length_of_body(place, message.birth);
  if (!length) return std::nullopt;
  for (const Ours& ours : same_time->second) {
    if (ours.length != header.size() + *length) continue;
    const auto known = state_.image.find(ours.id);
    if (known && known->sender() == message.info.sender && has_on_top(ours.file, header, place.number)) return ours;
  }
  return std::nullopt;
}

// Whether a body file holds the header and then what the body file `number` holds.
bool Adoption::has_on_top(std::uint64_t file, Octets header, std::uint64_t number) const {
  store::Disk& disk = *settings_.options.disk;
  const auto open = [&](std::uint64_t which) {
    return disk.open(store::body_path(settings_.directory, which, settings_.options.split), store::Disk::Open::kRead);
  };
  const auto with = open(file), without = open(number);
  if (!with || !without) return false;
  std::string piece(std::max(kCompared, header.size()), '\0'), other(kCompared, '\0');
  const auto top = (*with)->read_at(0, piece.data(), header.size());
  if (!top || Octets(piece.data(), *top) != header) return false;
  for (std::uint64_t at = 0;; at += kCompared) {
    const auto count = (*with)->read_at(header.size() + at, piece.data(), kCompared);
    const auto expected = (*without)->read_at(at, other.data(), kCompared);
    if (!count || !expected || Octets(piece.data(), *count) != Octets(other.data(), *expected)) return false;
    if (*count < kCompared) return true;
  }
}

// The message is in the state log, but of the records that were written with it the last may have been lost with the
// power. As long as all of its files are here, they are said once more, which changes nothing that is known. When the
// removal of its files had begun, its records were durable.
void Adoption::take_again(const queue::Preprocessed& message, queue::MessageId id, WallTime now) {
  const auto known = state_.image.find(id);
  if (!known) return;
  adoption::Circumstances circumstances = circumstances_at(now);
  circumstances.id = id;
  circumstances.body = known->body();
  circumstances.uid = known->uid();
  circumstances.pid = known->pid();
  const adoption::Adopted adopted(message, router_, circumstances);
  if (adopted.addresses() == addresses_of(*known)) record(adopted, now);
}

void Adoption::record(const adoption::Adopted& adopted, WallTime now) {
  adopted.each_record(state_.record);
  // Its sender has heard nothing of delay for as long as it was another family's, and need not hear of it now.
  if (settings_.warn_after > Duration{0} && adopted.message().arrival + settings_.warn_after <= now)
    state_.record(queue::Warned{adopted.message().id, queue::MessageId{}});
  if (++since_sync_ < kBetweenSyncs) return;
  since_sync_ = 0;
  failed_ = !state_.sync();
}

adoption::Circumstances Adoption::circumstances_at(WallTime now) const {
  adoption::Circumstances circumstances;
  circumstances.uid = settings_.uid;
  circumstances.pid = settings_.pid;
  circumstances.local_skip = settings_.local_skip;
  circumstances.remote_skip = settings_.remote_skip;
  circumstances.now = now;
  return circumstances;
}

Result<std::uint64_t, std::string> Adoption::length_of_body(const store::PreprocessedPlace& place,
                                                            WallTime birth) const {
  const std::string path = store::body_path(settings_.directory, place.number, settings_.options.split);
  const auto body = settings_.options.disk->open(path, store::Disk::Open::kRead);
  if (!body && body.error() == ENOENT)
    return fail("its message is not where it should be, " + path + "; queue-fix finds it if the split was another one");
  if (!body) return fail(store::trouble("cannot read its message, " + path, body.error()).what);
  const auto facts = (*body)->facts();
  if (!facts) return fail(store::trouble("cannot look at its message, " + path, facts.error()).what);
  if (!facts->regular || facts->inode != place.number)
    return fail("its message, " + path + ", is not the file of that number; queue-fix gives it the right one");
  if (facts->modified > birth + kClockSlack) return fail(std::string("it is older than the message of its number"));
  return facts->size;
}

void Adoption::leave(const std::string& why) {
  if (++left_ <= kNamed) report_(why + "; the message stays there");
}

}  // namespace sluice::scheduler
