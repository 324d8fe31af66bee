// The settings of the instance as the policy of the scheduler core.
#pragma once

#include "core/route/smtp_routes.h"
#include "core/schedule/policy.h"
#include "system/config/load.h"

namespace sluice::scheduler {

schedule::Policy policy_of(const config::Settings& settings, const route::SmtpRoutes& routes);

}  // namespace sluice::scheduler
