#include "core/select/queue_choice.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace sluice::select {
namespace {

std::vector<std::size_t> take(QueueChoice& choice, std::span<const QueueState> queues, int count) {
  std::vector<std::size_t> taken;
  for (int i = 0; i < count; ++i) taken.push_back(choice.next(queues).value());
  return taken;
}

TEST(QueueChoice, SpreadsEvenlyOverQueuesOfEqualLoad) {
  const std::array<QueueState, 3> queues{{{true, 0}, {true, 0}, {true, 0}}};
  QueueChoice choice;
  EXPECT_EQ(take(choice, queues, 7), (std::vector<std::size_t>{0, 1, 2, 0, 1, 2, 0}));
}

TEST(QueueChoice, SkipsQueuesThatAreNotOpenAndStaysEven) {
  const std::array<QueueState, 3> queues{{{true, 0}, {false, 0}, {true, 0}}};
  QueueChoice choice;
  EXPECT_EQ(take(choice, queues, 4), (std::vector<std::size_t>{0, 2, 0, 2}));
}

TEST(QueueChoice, TakesTheLeastLoadedFirst) {
  const std::array<QueueState, 3> queues{{{true, 90}, {true, 10}, {false, 0}}};
  QueueChoice choice;
  EXPECT_EQ(take(choice, queues, 2), (std::vector<std::size_t>{1, 1}));
}

TEST(QueueChoice, ChoosesNothingWhenNoQueueIsOpen) {
  const std::array<QueueState, 2> queues{};
  QueueChoice choice;
  EXPECT_FALSE(choice.next(queues));
  EXPECT_FALSE(choice.next({}));
}

TEST(QueueChoice, BeginsWhereItIsTold) {
  const std::array<QueueState, 3> queues{{{true, 0}, {true, 0}, {true, 0}}};
  QueueChoice choice(4711);
  EXPECT_EQ(choice.next(queues), 4711 % 3);
}

TEST(QueueChoice, GoesOnWhenTheNumberOfQueuesShrinks) {
  const std::array<QueueState, 3> three{{{true, 0}, {true, 0}, {true, 0}}};
  QueueChoice choice(2);
  take(choice, three, 1);
  EXPECT_EQ(choice.next(std::span(three).first(1)), 0);
}

TEST(QueueChoice, NamesTheQueuesInTheOrderInWhichTheyAreTried) {
  const std::array<QueueState, 4> queues{{{true, 90}, {true, 10}, {false, 0}, {true, 10}}};
  QueueChoice choice;
  EXPECT_EQ(choice.in_order(queues), (std::vector<std::size_t>{1, 3, 0}));
  EXPECT_EQ(choice.in_order(queues), (std::vector<std::size_t>{3, 1, 0})) << "the turn moves by one message";
  EXPECT_TRUE(choice.in_order({}).empty());
}

}  // namespace
}  // namespace sluice::select
