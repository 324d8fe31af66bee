// Adoptions: messages of the todo directory that todo-proc asks us to take over (store/adoption.h). They are gathered
// like submissions and committed in a batch of their own, so that no submitter waits for the directories that have to
// be synced here.
#pragma once

#include <functional>
#include <vector>

#include "core/link/messages.h"
#include "system/ipc/link.h"
#include "system/store/adoption.h"

namespace sluice::intake {

class Adoptions {
 public:
  Adoptions(store::BodyWriter& writer, store::Adoption adoption) : writer_(writer), adoption_(std::move(adoption)) {}

  // Before the first announcement.
  void recover();

  // One Adopt frame. False: malformed.
  bool take(const link::Frame& frame);
  // A Relocate with an extra header, at once: what became of it.
  link::Relocated put_on_top(const link::Relocate& order) const;
  bool empty() const { return waiting_.empty(); }

  // Takes over all that waits and answers `todo`; `stored` sees what is new, once its todo files are gone.
  using OnStored = std::function<void(std::span<const store::NewBody>, std::span<const store::Stored>)>;
  void commit(WallTime now, ipc::Link& todo, const OnStored& stored);

 private:
  store::BodyWriter& writer_;
  store::Adoption adoption_;
  std::vector<store::Adoptee> waiting_;
};

}  // namespace sluice::intake
