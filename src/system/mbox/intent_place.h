// Where the intent of an mbox is kept: in the extended attribute "user.sluice.append" of the mbox itself, which needs
// no right to make files beside it; on file systems without such attributes in the file ".NAME.sluice-append" beside
// it; and where that cannot be made either, nowhere. Internal to this folder; called under the locks.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "core/local/mbox_intent.h"
#include "system/mbox/disk.h"

namespace sluice::mbox {

class IntentPlace {
 public:
  // All must outlive this. `directory` and `name` say where the mbox stands.
  IntentPlace(Disk& disk, int mailbox, int directory, const std::string& name)
      : disk_(disk), mailbox_(mailbox), directory_(directory), beside_('.' + name + ".sluice-append") {}

  // What stands there. What cannot be understood is no intent.
  std::optional<local::MboxIntent> find();

  enum class Kept : std::uint8_t { kYes, kNowhere };
  // Durable when it returns. The error is an errno.
  Result<Kept, int> keep(const local::MboxIntent& intent);

  // Takes away what was found or kept, durably when it returns. After an error it may still stand there.
  Result<void, int> drop();

 private:
  Result<bool, int> keep_as_attribute(Octets encoded);
  Result<Kept, int> keep_beside(Octets encoded);

  enum class Where { kNowhere, kAttribute, kBeside };
  Disk& disk_;
  Where where_ = Where::kNowhere;
  int mailbox_, directory_;
  std::string beside_;
};

}  // namespace sluice::mbox
