// The policies that `policy init` writes are read, their examples hold, and they say what their comments promise.
#include "policy/starter.h"

#include <gtest/gtest.h>

#include "referee/build.h"
#include "referee/command.h"

namespace bailiwick {
namespace {

std::shared_ptr<const Policy> built(std::string_view text, LayerKind kind) {
  const auto root = parse_toml(text, "starter.toml");
  EXPECT_TRUE(root) << root.error().message();
  if (!root) return nullptr;
  auto layer = read_layer(*root, kind, "starter.toml");
  EXPECT_TRUE(layer) << layer.error().message();
  if (!layer) return nullptr;
  std::vector<Layer> layers;
  layers.push_back(*std::move(layer));
  auto policy = build_policy(std::move(layers), "/home/ada");
  EXPECT_TRUE(policy) << policy.error().message();
  return policy ? *policy : nullptr;
}

Decision on(const Policy& policy, std::string_view line) {
  const Surroundings around("/home/ada/engine", "/home/ada/engine", "/home/ada");
  return judge_shell(line, policy, around, Gate::present, {}, Detail::verdict).decision;
}

TEST(Starter, FitsEveryLayerButTheProject) {
  for (const LayerKind kind : {LayerKind::system, LayerKind::mdm, LayerKind::cloud, LayerKind::user, LayerKind::flag})
    EXPECT_TRUE(built(starter_policy(), kind) != nullptr) << name_of(kind);
  const auto root = parse_toml(starter_policy(), "starter.toml");
  ASSERT_TRUE(root);
  EXPECT_FALSE(read_layer(*root, LayerKind::project, "starter.toml"));
}

TEST(Starter, TheAdministratorsIsForAdminLayersOnly) {
  for (const LayerKind kind : {LayerKind::system, LayerKind::mdm, LayerKind::cloud})
    EXPECT_TRUE(built(admin_starter_policy(), kind) != nullptr) << name_of(kind);
  const auto root = parse_toml(admin_starter_policy(), "starter.toml");
  ASSERT_TRUE(root);
  EXPECT_FALSE(read_layer(*root, LayerKind::user, "starter.toml"));
}

TEST(Starter, LetsOrdinaryWorkPassAndAsksWhereItSays) {
  const auto policy = built(starter_policy(), LayerKind::user);
  ASSERT_TRUE(policy != nullptr);
  for (const std::string_view line : {"make test", "git commit -am x", "git pull", "npm install", "cargo build",
                                      "terraform plan", "kubectl get pods", "gh pr view 7", "ls -la src"})
    EXPECT_EQ(on(*policy, line), Decision::allow) << line;
  for (const std::string_view line : {"git push", "sudo git push origin main", "npm publish", "terraform destroy",
                                      "kubectl --context prod delete pod x", "gh pr merge 7 --admin"})
    EXPECT_EQ(on(*policy, line), Decision::ask) << line;
  for (const std::string_view line :
       {"git push --force-with-lease --force", "make && git push -f", "gh repo delete acme/web"})
    EXPECT_EQ(on(*policy, line), Decision::deny) << line;
}

TEST(Starter, LinesAreShortEnoughToRead) {
  for (const std::string_view text : {starter_policy(), admin_starter_policy()}) {
    std::size_t width = 0;
    for (const char c : text) {
      width = c == '\n' ? 0 : width + 1;
      ASSERT_LE(width, 120U);
    }
  }
}

}  // namespace
}  // namespace bailiwick
