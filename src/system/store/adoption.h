// Adoption: how a message that stands in the todo directory becomes one of the journal, for qmail-intake. A batch goes
// through these steps, each of which must have ended before the next begins:
//
//   prepare()   each message is judged, and its body made durable where it is; with an extra header on top, which a
//               filter asked for, in a new file
//   append()    (BodyWriter) one record each, one sync: from here on the message is in the journal
//   finish()    intd file and todo file are removed, durably, then the body that was copied
//   announce    only now may anybody hear of the message
//
// What a crash leaves behind is set right by recover(), before the first announcement: a todo file whose message is in
// the journal is removed. As nothing is announced before its todo file is gone for good, no such message can have been
// delivered and its inode number be in use again; a new message under an old number is known by its time, its process
// and its envelope.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <functional>
#include <span>

#include "system/store/file_store.h"
#include "system/store/store.h"
#include "system/store/todo_files.h"

namespace sluice::store {

struct Adoptee {
  TodoPlace place;
  WallTime arrival{};  // when the todo file was written
  std::uint32_t uid = 0, pid = 0;
  std::string envelope;      // encoded
  std::string extra_header;  // whole lines; or empty
};

class Adoption {
 public:
  // owner: the uid to which bodies and todo files must belong.
  Adoption(std::string queue, const Options& options, std::uint32_t owner)
      : queue_(std::move(queue)), options_(options), owner_(owner) {}

  using Report = std::function<void(const std::string& what)>;

  // Once, after the journal was opened and before anything is announced.
  void recover(BodyWriter& writer, const Report& report);

  struct Prepared {
    bool known = false;      // in the journal already: only to be finished
    std::uint64_t file = 0;  // the number of the body, which the record has to name
    std::uint64_t length = 0;
    std::unique_ptr<LargeBody> copy;  // to be discarded if the record is not written; or nothing
  };
  struct Obstacle {
    bool gone = false;       // the todo file is not there any more
    bool permanent = false;  // asking again is of no use
    std::string what;
  };
  Result<Prepared, Obstacle> prepare(const Adoptee& adoptee, WallTime now);

  // A copy of a body file, durable, with an extra header on top, for a message that was preprocessed already. The body
  // stays.
  Result<queue::BodyRef, Trouble> copy_with(Octets extra_header, const queue::BodyRef& body) const;

  // The todo files of messages that are in the journal. What cannot be removed is reported and remembered: asked for
  // again, it is known.
  void finish(std::span<const Adoptee* const> adoptees, const Report& report);

 private:
  Result<void, Obstacle> check_todo(const Adoptee& adoptee) const;
  Result<std::unique_ptr<File>, Obstacle> open_body(const TodoPlace& place) const;
  Result<Prepared, Obstacle> copy_body(Octets extra_header, File& body, std::uint64_t length) const;
  Result<void, Trouble> move_body(const std::string& from, std::uint64_t number) const;
  std::vector<std::string> other_bodies(const TodoPlace& place) const;
  Result<void, Trouble> remove(const std::string& path) const;
  bool is_in(const boost::unordered_flat_set<std::uint64_t>& fingerprints, const Adoptee& adoptee) const;

  const std::string queue_;
  const Options options_;
  const std::uint32_t owner_;
  boost::unordered_flat_set<std::uint64_t> known_;  // fingerprints of what could not be removed
};

}  // namespace sluice::store
