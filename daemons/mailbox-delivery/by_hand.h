// qmail-local as it has always been called: one letter, all of it in the arguments, the message on descriptor 0.
#pragma once

namespace sluice::mailbox_delivery {

// The exit status of qmail-local(8). Throws os::Fatal for a wrong command line (100) or bad settings (111).
int run_by_hand(int argc, char** argv);

}  // namespace sluice::mailbox_delivery
