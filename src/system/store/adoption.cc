#include "system/store/adoption.h"

#include <algorithm>
#include <cerrno>
#include <set>

#include "base/codec.h"
#include "core/queue/checksum.h"
#include "core/queue/envelope_codec.h"
#include "system/store/journal_files.h"
#include "system/store/large_body.h"
#include "system/store/layout.h"

namespace sluice::store {

namespace {

// A batch whose todo files were not removed durably is the last that was written; more segments than its own are looked
// through in case removal had failed for longer.
constexpr std::size_t kSegmentsLookedThrough = 4;

// An envelope is written after its message. One that is older than the body by more than a clock may be set back
// belongs to an earlier message with the same number.
constexpr std::chrono::hours kClockSlack{1};

constexpr std::uint64_t kCopied = 1u << 18;  // octets read at once

// A message is known by the number of its body; by the length of its body where that is a new file.
struct Mark {
  std::uint64_t number = 0, length = 0;
};

std::uint64_t fingerprint(const Adoptee& adoptee, Mark mark) {
  std::string facts;
  Encoder to(facts);
  to.u64(mark.number).u64(mark.length).i64(to_millis(adoptee.arrival)).u32(adoptee.uid).u32(adoptee.pid);
  const Octets pieces[] = {facts, adoptee.envelope};
  return queue::checksum(pieces);
}

std::uint64_t fingerprint(const Adoptee& adoptee) { return fingerprint(adoptee, {.number = adoptee.place.number}); }

Adoption::Obstacle not_now(std::string what) { return {false, false, std::move(what)}; }
Adoption::Obstacle never(std::string what) { return {false, true, std::move(what)}; }

}  // namespace

void Adoption::recover(BodyWriter& writer, const Report& report) {
  const auto waiting = list_todo(*options_.disk, queue_);
  if (!waiting) return report(waiting.error().what);
  if (waiting->empty()) return;
  const auto segments = list_segments(*options_.disk, queue_);
  if (!segments || segments->empty()) return;
  const std::size_t skipped = segments->size() - std::min(segments->size(), kSegmentsLookedThrough);

  boost::unordered_flat_set<std::uint64_t> wanted, in_journal;
  for (const TodoPlace& place : *waiting) wanted.insert(place.number);
  const auto visit = [&](const Replayed& message) {
    if (message.body.storage != queue::BodyRef::Storage::kFile) return true;
    const Adoptee as_adopted{{message.body.segment, std::nullopt},
                             message.arrival,
                             message.uid,
                             message.pid,
                             std::string(message.envelope),
                             {}};
    if (wanted.contains(message.body.segment)) in_journal.insert(fingerprint(as_adopted));
    in_journal.insert(fingerprint(as_adopted, {.length = message.body.length}));
    return true;
  };
  // What is damaged is said when it is replayed for todo-proc.
  const auto replayed = writer.replay(queue::Lsn{(*segments)[skipped]}, visit, [](const std::string&) {});
  if (!replayed) report(replayed.error().what);
  if (in_journal.empty()) return;

  std::vector<Adoptee> done;
  for (const TodoPlace& place : *waiting) {
    const auto read = read_todo(*options_.disk, queue_, place);
    if (!read) continue;  // todo-proc says so
    Adoptee adoptee{place, read->written, read->content.uid, read->content.pid, {}, read->content.extra_header};
    queue::encode_envelope(adoptee.envelope, read->content.envelope);
    if (is_in(in_journal, adoptee)) done.push_back(std::move(adoptee));
  }
  std::vector<const Adoptee*> pointers;
  for (const Adoptee& adoptee : done) pointers.push_back(&adoptee);
  finish(pointers, report);
}

Result<Adoption::Prepared, Adoption::Obstacle> Adoption::prepare(const Adoptee& adoptee, WallTime now) {
  if (auto checked = check_todo(adoptee); !checked) return fail(std::move(checked.error()));
  if (known_.contains(fingerprint(adoptee))) return Prepared{.known = true, .copy = nullptr};
  auto body = open_body(adoptee.place);
  if (!body) return fail(std::move(body.error()));
  const std::uint64_t number = adoptee.place.number;
  const auto facts = (*body)->facts();
  if (!facts) return fail(not_now(trouble("cannot look at the message", facts.error()).what));
  if (!facts->regular || facts->inode != number || facts->owner != owner_)
    return fail(never("its message is not a file of that number, or not the queue's own"));
  if (facts->links != 1) return fail(never("its message has another name"));
  if (facts->modified > adoptee.arrival + kClockSlack) return fail(never("it is older than the message of its number"));
  if (!adoptee.extra_header.empty()) return copy_body(adoptee.extra_header, **body, facts->size);
  // From now on neither todo nor the state log vouches for the body until qmail-send has heard of it: it must not look
  // like one that was forgotten long ago.
  auto durable = (*body)->touch(now);
  if (durable) durable = (*body)->sync();
  if (durable) durable = options_.disk->sync_directory(body_directory(queue_, number, options_.split));
  if (!durable) return fail(not_now(trouble("cannot make the message durable", durable.error()).what));
  return Prepared{.file = number, .length = facts->size, .copy = nullptr};
}

bool Adoption::is_in(const boost::unordered_flat_set<std::uint64_t>& fingerprints, const Adoptee& adoptee) const {
  if (adoptee.extra_header.empty()) return fingerprints.contains(fingerprint(adoptee));
  const auto body = open_body(adoptee.place);
  const auto facts = body ? (*body)->facts() : fail(int{ENOENT});
  return facts && fingerprints.contains(fingerprint(adoptee, {.length = adoptee.extra_header.size() + facts->size}));
}

// The extra header and the body in a file of their own, durable.
Result<Adoption::Prepared, Adoption::Obstacle> Adoption::copy_body(Octets extra_header, File& body,
                                                                   std::uint64_t length) const {
  auto opened = FileLargeBody::open(queue_, options_);
  if (!opened) return fail(not_now(opened.error().what));
  std::unique_ptr<LargeBody> copy = std::move(*opened);
  auto written = copy->write(extra_header);
  std::string piece(std::min<std::uint64_t>(length, kCopied), '\0');
  for (std::uint64_t at = 0; written && at < length;) {
    const auto count = body.read_at(at, piece.data(), std::min<std::uint64_t>(piece.size(), length - at));
    if (!count || *count == 0)
      return fail(not_now(trouble("cannot read the message", count ? EIO : count.error()).what));
    written = copy->write({piece.data(), *count});
    at += *count;
  }
  if (written) written = copy->finish();
  if (!written) return fail(not_now(written.error().what));
  Prepared prepared;
  prepared.file = copy->inode();
  prepared.length = copy->length();
  prepared.copy = std::move(copy);
  return prepared;
}

Result<queue::BodyRef, Trouble> Adoption::copy_with(Octets extra_header, const queue::BodyRef& body) const {
  const auto refused = [&body](std::string_view why) {
    return fail(Trouble{0, fmt::format("cannot copy message {}: {}", body.segment, why)});
  };
  if (body.storage != queue::BodyRef::Storage::kFile) return refused("it is no file");
  const auto file = options_.disk->open(body_path(queue_, body.segment, options_.split), Disk::Open::kRead);
  const auto facts = file ? (*file)->facts() : fail(file.error());
  if (!facts) return fail(trouble(fmt::format("cannot read message {}", body.segment), facts.error()));
  if (!facts->regular || facts->inode != body.segment || facts->size != body.length || facts->owner != owner_)
    return refused("it is not the file of that number and length, or not the queue's own");
  const auto copied = copy_body(extra_header, **file, facts->size);
  if (!copied) return refused(copied.error().what);
  return queue::BodyRef{queue::BodyRef::Storage::kFile, copied->file, 0, copied->length};
}

// todo-proc has read it, but it is ours to remove: it must be what todo-proc says.
Result<void, Adoption::Obstacle> Adoption::check_todo(const Adoptee& adoptee) const {
  const auto file = options_.disk->open(todo_path(queue_, "todo", adoptee.place), Disk::Open::kRead);
  if (!file && file.error() == ENOENT) return fail(Obstacle{true, true, "it is gone"});
  if (!file) return fail(not_now(trouble("cannot read it", file.error()).what));
  const auto facts = (*file)->facts();
  if (!facts) return fail(not_now(trouble("cannot look at it", facts.error()).what));
  if (!facts->regular || facts->owner != owner_) return fail(never("it is no file, or not the queue's own"));
  if (facts->modified != adoptee.arrival) return fail(not_now("it has changed"));
  return {};
}

Result<std::unique_ptr<File>, Adoption::Obstacle> Adoption::open_body(const TodoPlace& place) const {
  const std::string path = body_path(queue_, place.number, options_.split);
  auto body = options_.disk->open(path, Disk::Open::kRead);
  if (!body && body.error() == ENOENT) {
    // A client with another split has put it somewhere else.
    for (const std::string& other : other_bodies(place)) {
      if (!options_.disk->open(other, Disk::Open::kRead)) continue;
      if (const auto moved = move_body(other, place.number); !moved) return fail(not_now(moved.error().what));
      body = options_.disk->open(path, Disk::Open::kRead);
      break;
    }
  }
  if (body) return std::move(*body);
  if (body.error() == ENOENT) return fail(never("its message is missing"));
  return fail(not_now(trouble("cannot open " + path, body.error()).what));
}

std::vector<std::string> Adoption::other_bodies(const TodoPlace& place) const {
  const std::string mess = queue_ + "/mess";
  const auto parts = options_.disk->list(mess);
  std::vector<std::string> paths;
  for (const std::string& part : parts.value_or(std::vector<std::string>{}))
    if (parse_name(part, "", 10)) paths.push_back(fmt::format("{}/{}/{}", mess, part, place.number));
  return paths;
}

Result<void, Trouble> Adoption::move_body(const std::string& from, std::uint64_t number) const {
  const std::string to = body_path(queue_, number, options_.split);
  auto moved = options_.disk->rename(from, to);
  // The new name first: with neither durable the old one is still there.
  if (moved) moved = options_.disk->sync_directory(body_directory(queue_, number, options_.split));
  if (moved) moved = options_.disk->sync_directory(from.substr(0, from.rfind('/')));
  if (!moved) return fail(trouble(fmt::format("cannot move {} to {}", from, to), moved.error()));
  return {};
}

void Adoption::finish(std::span<const Adoptee* const> adoptees, const Report& report) {
  // A directory at a time, and all of intd before anything of todo: an envelope in intd alone would stand in the way of
  // the next message with its number.
  std::set<const Adoptee*> left;
  for (const char* directory : {"intd", "todo"}) {
    std::set<std::string> changed;
    for (const Adoptee* adoptee : adoptees) {
      if (left.contains(adoptee)) continue;
      if (const auto removed = remove(todo_path(queue_, directory, adoptee->place)); !removed) {
        report(removed.error().what);
        left.insert(adoptee);
      }
      changed.insert(todo_directory(queue_, directory, adoptee->place));
    }
    for (const std::string& path : changed) {
      const auto synced = options_.disk->sync_directory(path);
      if (!synced && synced.error() != ENOENT) report(trouble("cannot sync " + path, synced.error()).what);
    }
  }
  for (const Adoptee* adoptee : adoptees) {
    // What stays here is a body that no message needs, and goes when it is old enough.
    if (!left.contains(adoptee) && !adoptee->extra_header.empty())
      if (const auto removed = remove(body_path(queue_, adoptee->place.number, options_.split)); !removed)
        report(removed.error().what);
    if (left.contains(adoptee))
      known_.insert(fingerprint(*adoptee));
    else if (!known_.empty())
      known_.erase(fingerprint(*adoptee));
  }
}

Result<void, Trouble> Adoption::remove(const std::string& path) const {
  const auto removed = options_.disk->remove(path);
  if (!removed && removed.error() != ENOENT) return fail(trouble("cannot remove " + path, removed.error()));
  return {};
}

}  // namespace sluice::store
