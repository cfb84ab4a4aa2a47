# Contrasts of contrasts and F tests of a model with crossed groups: Rscript groups.R, in this folder.
suppressMessages({library(lmerTest); library(emmeans); library(jsonlite)})
emm_options(lmer.df = "satterthwaite", pbkrtest.limit = 1e5, lmerTest.limit = 1e5)
options(contrasts = c("contr.sum", "contr.poly"))
d <- read.csv("groups.csv", stringsAsFactors = TRUE)
control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5))
random <- "(1 | image_id) + (1 | identity) + (1 | rater_type:identity)"
told <- list()
for (fixed in c("rater_type * group * emotion", "rater_type * group + rater_type * emotion + group * emotion")) {
  fit <- lmer(as.formula(paste("rating ~", fixed, "+", random)), d, control = control)
  means <- emmeans(fit, ~ rater_type * group)
  apart <- as.data.frame(summary(contrast(means, interaction = c("revpairwise", "revpairwise")), infer = TRUE))
  f <- as.data.frame(anova(fit, type = 3))
  told[[fixed]] <- list(
    contrasts = data.frame(
      first = apart[[1]], second = apart[[2]], estimate = apart$estimate, std_error = apart$SE, df = apart$df,
      ci_low = apart$lower.CL, ci_high = apart$upper.CL, p_value = apart$p.value
    ),
    anova = data.frame(term = rownames(f), num_df = f$NumDF, den_df = f$DenDF, statistic = f$`F value`, p_value = f$`Pr(>F)`),
    std_dev = as.data.frame(VarCorr(fit))$sdcor
  )
}
write(toJSON(told, digits = 12, pretty = TRUE, dataframe = "rows"), "groups.json")
