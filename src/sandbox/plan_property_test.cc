// plan() over random fact sets (a fixed seed): the root can be built step by step, and what must be covered is.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "base/text.h"
#include "sandbox/plan.h"
#include "sandbox/sample_facts.h"
#include "sandbox/workspace.h"

namespace bailiwick {
namespace {

constexpr int kRounds = 3000;

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Names that start with `f` are files, all others directories: so the same path is the same thing in every list.
class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t n) { return engine_() % n; }
  bool one_in(std::size_t n) { return below(n) == 0; }
  std::string directory() {
    static const char* const kTops[] = {"/home/ann", "/home/ann/src/app", "/srv", "/opt", "/usr", "/home/bob"};
    std::string path = kTops[below(std::size(kTops))];
    for (std::size_t depth = below(4); depth > 0; --depth) path += std::string("/") + "abc"[below(3)];
    return path;
  }
  PathFact fact() {
    if (one_in(3)) return sample::file(directory() + "/f" + "xy"[below(2)]);
    return sample::tree(directory());
  }
  std::vector<PathFact> facts(std::size_t most) {
    std::vector<PathFact> out;
    for (std::size_t n = below(most + 1); n > 0; --n) out.push_back(fact());
    return out;
  }
  ScanMatch match() {
    const bool is_directory = one_in(2);
    std::string path = directory() + (is_directory ? "/s" : "/f") + "xy"[below(2)];
    const auto kind = static_cast<ScanMatch::Kind>(below(3));
    if (kind == ScanMatch::Kind::pin) return sample::pin(directory() + "/.git");
    return sample::match(kind, std::move(path), is_directory);
  }

 private:
  std::mt19937 engine_;
};

struct World {
  SandboxPolicy policy;
  Facts facts = sample::developer();
};
World random_world(Random& random) {
  World world;
  world.policy.mode = static_cast<Mode>(random.below(3));
  Facts& facts = world.facts;
  if (world.policy.mode == Mode::full_access) {
    facts.system.clear();
    facts.top = {sample::tree("/home"), sample::tree("/usr"), sample::tree("/srv"), sample::symlink("/bin", "usr/bin")};
  }
  facts.home_trees = random.facts(3);
  facts.agent_state = random.facts(2);
  facts.read = random.facts(4);
  facts.write = random.facts(4);
  facts.copies.clear();
  if (world.policy.mode == Mode::full_access) facts.home_trees.clear();
  facts.matches.clear();
  for (std::size_t n = random.below(8); n > 0; --n) facts.matches.push_back(random.match());
  if (random.one_in(4)) facts.workspace.common_git_directory = "/home/ann/src/main/.git";
  if (random.one_in(4)) facts.workspace.alias = "/elsewhere/app";
  return world;
}

// The new root as the launcher makes it: what each mount shows, of what we made. A bind shows whatever the host has.
class Replay {
 public:
  Replay() { mounts_.push_back({"/", false, {"/"}}); }

  // An empty string, or why the step cannot be done.
  std::string apply(const RootStep& step) {
    const std::string parent = parent_of(step.target);
    if (!exists(parent)) return "its parent is not there";
    const bool there = holder(step.target).is_bind ? step.kind != RootStep::Kind::copy : exists(step.target);
    switch (step.kind) {
      case RootStep::Kind::directory: holder(step.target).made.insert(step.target); return {};
      case RootStep::Kind::symlink:
      case RootStep::Kind::copy:
        if (there) return "something is there already";
        holder(step.target).made.insert(step.target);
        return {};
      default: break;
    }
    if (!holder(step.target).is_bind) holder(step.target).made.insert(step.target);
    for (const Mount& mount : mounts_) {
      if (mount.target != step.target && is_within(mount.target, step.target)) return "it hides " + mount.target;
    }
    mounts_.push_back({step.target, step.kind != RootStep::Kind::scratch, {step.target}});
    return {};
  }
  bool exists(const std::string& path) {
    const Mount& mount = holder(path);
    return mount.is_bind || mount.made.contains(path);
  }

 private:
  struct Mount {
    std::string target;
    bool is_bind;
    std::set<std::string> made;
  };
  Mount& holder(const std::string& path) {
    auto at = std::find_if(mounts_.rbegin(), mounts_.rend(), [&](const Mount& m) { return is_within(path, m.target); });
    return *at;
  }
  std::vector<Mount> mounts_;
};

const RootStep* seen_in(const SandboxPlan& plan, const std::string& path) {
  const RootStep* found = nullptr;
  for (const RootStep& step : plan.root) {
    const bool mounts = step.kind == RootStep::Kind::bind || step.kind == RootStep::Kind::scratch;
    if (mounts && is_within(path, step.target)) found = &step;
  }
  return found;
}

template <class Check>
void for_random_plans(Check check) {
  for (unsigned seed = 1; seed <= kRounds; ++seed) {
    Random random(seed);
    const World world = random_world(random);
    const auto made = plan(world.policy, world.facts, sample::linux_6_18());
    ASSERT_TRUE(made.has_value()) << made.error().message();
    check(world, *made);
    if (testing::Test::HasFailure()) FAIL() << "seed " << seed << "\n" << render_text(*made);
  }
}

TEST(PlanProperty, EveryStepCanBeDoneWhereItStands) {
  for_random_plans([](const World&, const SandboxPlan& plan) {
    Replay replay;
    for (const RootStep& step : plan.root) EXPECT_EQ(replay.apply(step), "") << step.target;
  });
}

TEST(PlanProperty, NoTargetIsMadeTwice) {
  for_random_plans([](const World&, const SandboxPlan& plan) {
    std::map<std::string, RootStep::Kind> targets;
    for (const RootStep& step : plan.root) {
      const auto [at, is_new] = targets.emplace(step.target, step.kind);
      // home is private first, and a tree that was named can be home itself
      const bool is_named_home = step.target == "/home/ann" && at->second == RootStep::Kind::scratch;
      EXPECT_TRUE(is_new || is_named_home) << step.target;
    }
    std::set<std::string> covered;
    for (const Cover& cover : plan.covers) EXPECT_TRUE(covered.insert(cover.target).second) << cover.target;
  });
}

TEST(PlanProperty, WhatIsHiddenOrProtectedIsCoveredOrNotThere) {
  for_random_plans([](const World& world, const SandboxPlan& plan) {
    const auto covered_by = [&](const std::string& path, auto&& is_enough) {
      return std::any_of(plan.covers.begin(), plan.covers.end(),
                         [&](const Cover& cover) { return is_enough(cover, path); });
    };
    for (const ScanMatch& match : world.facts.matches) {
      const RootStep* step = seen_in(plan, match.path);
      if (step == nullptr || step->kind != RootStep::Kind::bind || step->target == match.path) continue;
      const bool is_hidden = covered_by(match.path, [](const Cover& cover, const std::string& path) {
        return cover.kind == Cover::Kind::hide && is_within(path, cover.target);
      });
      const bool is_covered =
          covered_by(match.path, [](const Cover& cover, const std::string& path) { return cover.target == path; });
      if (match.kind == ScanMatch::Kind::hide) {
        EXPECT_TRUE(is_hidden) << match.path;
      } else if (step->access == MountAccess::read_write) {
        EXPECT_TRUE(is_hidden || is_covered) << match.path;
      }
    }
  });
}

TEST(PlanProperty, ParentsOfCoversComeFirstAndCannotBeMoved) {
  for_random_plans([](const World&, const SandboxPlan& plan) {
    std::set<std::string> before;
    for (const Cover& cover : plan.covers) {
      for (const std::string& earlier : before)
        EXPECT_FALSE(is_within(earlier, cover.target) && earlier != cover.target);
      before.insert(cover.target);
      if (cover.kind != Cover::Kind::protect) continue;
      const RootStep* step = seen_in(plan, cover.target);
      ASSERT_NE(step, nullptr);
      for (std::string at = parent_of(cover.target); at != step->target; at = parent_of(at)) {
        EXPECT_TRUE(before.contains(at)) << at << " above " << cover.target;
      }
    }
  });
}

TEST(PlanProperty, NothingIsWrittenThatWasNotAskedFor) {
  for_random_plans([](const World& world, const SandboxPlan& plan) {
    for (const RootStep& step : plan.root) {
      if (step.kind != RootStep::Kind::bind || step.access != MountAccess::read_write) continue;
      if (world.policy.mode == Mode::full_access) continue;
      const auto asked = [&](const std::vector<PathFact>& facts) {
        return std::any_of(facts.begin(), facts.end(), [&](const PathFact& fact) { return fact.path == step.target; });
      };
      const bool is_workspace =
          world.policy.mode == Mode::workspace_write &&
          (step.target == world.facts.workspace.root || step.target == world.facts.workspace.common_git_directory);
      EXPECT_TRUE(is_workspace || asked(world.facts.write) || asked(world.facts.agent_state)) << step.target;
    }
  });
}

}  // namespace
}  // namespace bailiwick
