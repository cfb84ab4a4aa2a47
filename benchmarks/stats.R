# One case of stats.py in R: Rscript stats.R ratings.csv FORMULA summary|fit REPEATS; prints CPU and wall seconds.
suppressMessages({library(lme4); library(lmerTest)})
asked <- commandArgs(TRUE)
d <- read.csv(asked[1], stringsAsFactors = TRUE)
d$emotion <- factor(d$emotion, levels = c("neutral", "happy", "sad", "angry", "fear", "disgust"))
formula <- as.formula(asked[2])
once <- function() {
  spent <- if (asked[3] == "summary") system.time({m <- lmerTest::lmer(formula, d); s <- coef(summary(m))})
  else system.time(m <- lme4::lmer(formula, d))
  c(spent[["user.self"]] + spent[["sys.self"]], spent[["elapsed"]])
}
all <- replicate(as.integer(asked[4]), once())
cat(median(all[1, ]), median(all[2, ]), "\n")
