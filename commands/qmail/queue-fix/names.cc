#include "names.h"

#include <cerrno>

#include "system/standstill/anchored_disk.h"
#include "system/standstill/standstill.h"
#include "system/standstill/stopped_queue.h"

namespace sluice::queue_fix {

NamesDone fix_names(const std::string& queue, const NamesOrders& orders) {
  NamesDone done;
  standstill::AnchoredDisk disk(queue);
  const auto failed = [&](const store::Trouble& trouble) {
    orders.complain(trouble.what);
    ++done.numbered.failed;
    return done;
  };
  if (!disk.list(queue)) return done;  // with -N a queue that is still to be made
  const auto held = standstill::Standstill::hold(disk, queue);
  if (!held && held.error().code == EWOULDBLOCK) {
    done.in_use = true;
    return done;
  }
  if (!held) return failed(held.error());
  const store::Options options{.split = orders.shape.split, .disk = &disk};
  const auto in_use = standstill::files_in_use(queue, options, orders.complain);
  if (!in_use) return failed(in_use.error());
  standstill::NumberingOrders numbering;
  numbering.shape = {orders.shape.split, orders.shape.big_todo};
  numbering.in_use = *in_use;
  numbering.approve = orders.approve;
  numbering.complain = orders.complain;
  done.numbered = standstill::put_in_order(disk, queue, numbering);
  return done;
}

}  // namespace sluice::queue_fix
