# R's answers for tests/stats/mixed: `Rscript reference.R` in this folder writes the JSON files beside it.
# Made with R 4.2.2, lme4 1.1-31, lmerTest 3.1-3, pbkrtest 0.5.2, emmeans 1.8.4.
suppressMessages({library(lme4); library(lmerTest); library(emmeans); library(jsonlite)})
tight <- lmerControl(optimizer = "nloptwrap", calc.derivs = FALSE, check.conv.singular = "ignore",
  optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-12, xtol_rel = 0, ftol_rel = 0, maxeval = 10000))
fit <- function(f, d, REML = TRUE) lmerTest::lmer(f, d, REML = REML, control = tight)
coefs <- function(m, ...) { s <- coef(summary(m, ...)); list(names = rownames(s), columns = unname(split(s, col(s)))) }
table3 <- function(m, ...) { a <- as.data.frame(anova(m, ...)); a$term <- rownames(a); a }
all_of <- function(m) {
  vc <- as.data.frame(VarCorr(m))
  list(coefficients = coefs(m), variances = setNames(as.list(vc$vcov), vc$grp), loglik = as.numeric(logLik(m)),
    aic = AIC(m), bic = BIC(m), anova = table3(m), fitted = unname(head(fitted(m), 8)),
    effects = lapply(ranef(m), function(e) unname(head(e[[1]], 5))))
}
put <- function(x, name) write(toJSON(x, digits = I(17), auto_unbox = TRUE, na = "null", pretty = TRUE),
  paste0(name, ".json"))

write.csv(sleepstudy, "sleepstudy.csv", row.names = FALSE)
s <- read.csv("sleepstudy.csv"); s$Subject <- factor(s$Subject)
f <- Reaction ~ Days + (1 | Subject)
m <- fit(f, s); m0 <- fit(Reaction ~ 1 + (1 | Subject), s, FALSE); m1 <- fit(f, s, FALSE)
put(list(formula = deparse1(f), reml = all_of(m), ml = all_of(m1), kr = coefs(m, ddf = "Kenward-Roger"),
  anova_kr = table3(m, ddf = "Kenward-Roger"), lrt = as.list(anova(m0, m1)[2, c("Chisq", "Df", "Pr(>Chisq)")])),
  "sleepstudy")

d <- read.csv("crossed.csv", stringsAsFactors = TRUE); d$emotion <- factor(d$emotion, c("neutral", "happy", "sad"))
f <- rating ~ group * emotion + (1 | rater) + (1 | identity/image_id)
m <- fit(f, d)
e <- emmeans(m, ~ emotion | group, lmer.df = "satterthwaite")
small <- fit(rating ~ group + emotion + (1 | rater) + (1 | identity/image_id), d, FALSE)
one <- fit(rating ~ group * emotion + (1 | image_id), d)
k <- emmeans(one, ~ group | emotion, lmer.df = "kenward-roger")
n <- fit(rating ~ 0 + emotion + group:emotion + (1 | rater) + (1 | image_id), d)
b <- fit(rating ~ group * emotion + (1 | rater) + (1 | image_id) + (1 | batch), d)
put(list(formula = deparse1(f), reml = all_of(m), ml = all_of(fit(f, d, FALSE)), means = as.data.frame(summary(e)),
  contrasts = as.data.frame(summary(pairs(e, reverse = TRUE, adjust = "none"), infer = TRUE)),
  lrt = as.list(anova(small, fit(f, d, FALSE))[2, c("Chisq", "Df", "Pr(>Chisq)")]),
  one = list(formula = "rating ~ group * emotion + (1 | image_id)", kr = coefs(one, ddf = "Kenward-Roger"),
    anova_kr = table3(one, ddf = "Kenward-Roger"),
    contrasts_kr = as.data.frame(summary(pairs(k, reverse = TRUE), infer = TRUE))),
  no_intercept = list(formula = "rating ~ 0 + emotion + group:emotion + (1 | rater) + (1 | image_id)",
    reml = all_of(n)),
  singular = list(formula = "rating ~ group * emotion + (1 | rater) + (1 | image_id) + (1 | batch)",
    reml = all_of(b))), "crossed")

# Cells without rows, and a single term of several df: type III tests, and pairs of combinations of levels.
fewer <- subset(d, !(group == "worker" & emotion == "sad"))
none <- droplevels(subset(fewer, emotion != "happy"))
cases <- list(fewer = list(fewer, "group * emotion"), none = list(none, "group * emotion"),
  combinations = list(fewer, "group:emotion"), factor = list(d, "emotion"))
tests <- lapply(cases, function(case) {
  f <- reformulate(c(case[[2]], "(1 | rater)", "(1 | image_id)"), "rating")
  a <- table3(fit(f, case[[1]]))
  list(formula = paste("rating ~", case[[2]], "+ (1 | rater) + (1 | image_id)"), anova = a)
})
two <- emmeans(fit(rating ~ group * emotion + (1 | rater) + (1 | image_id), d), ~ group * emotion,
  lmer.df = "satterthwaite")
pairwise <- as.data.frame(summary(pairs(two, reverse = TRUE, adjust = "none"), infer = TRUE))
put(list(tests = tests, combinations = pairwise), "cells")

# A covariate nearly equal to another column costs lmer its digits. Written anew as its difference from that column,
# in units of 1e-5, the model is the same and the fit is exact; the coefficient of x is that of z divided by 1e-5.
c1 <- read.csv("collinear.csv"); c1$z <- (c1$x - (c1$rater_type == "vlm")) * 1e5
m <- fit(rating ~ rater_type + z + (1 | image_id), c1)
put(list(formula = "rating ~ rater_type + x + (1 | image_id)", scale = 1e5, reparametrised = all_of(m)), "collinear")

# A criterion with two optima.
o <- read.csv("two_optima.csv")
f <- y ~ z + (1 | ra:b) + (1 | im)
m <- fit(f, o)
theta <- getME(m, "theta"); names(theta) <- sub("\\.\\(Intercept\\)$", "", names(theta))
put(list(formula = deparse1(f), reml = all_of(m), theta = as.list(theta)), "two_optima")

# The same for the reference material's d3, where it is at hand: `Rscript reference.R d3.csv`.
path <- commandArgs(TRUE)
if (length(path) == 1) {
  d3 <- read.csv(path); d3$z <- (d3$x - (d3$rater_type == "vlm")) * 1e5
  d3$emotion <- factor(d3$emotion, c("neutral", "happy", "sad", "angry", "fear", "disgust"))
  m <- fit(rating ~ rater_type * emotion + z + (1 | image_id), d3)
  put(list(scale = 1e5, reparametrised = all_of(m)), "d3_reparametrised")
}
