# Cluster-robust contrasts of cell means that the differences between groups are held against.
# unbalanced.csv is made up: 52 images of 14 identities, one to seven each, some of them in several groups.
# R 4.2.2, clubSandwich 0.5.8, jsonlite 1.8.4:  Rscript reference.R > reference.json
library(clubSandwich)
library(jsonlite)

d <- read.csv("unbalanced.csv")
told <- function(rows, cell, weights) {
  rows$cell <- factor(cell, levels = names(weights))
  fit <- lm(I(model - human) ~ 0 + cell, rows)
  l <- linear_contrast(fit, vcov = "CR2", cluster = rows$identity, contrasts = t(weights), test = "Satterthwaite")
  se <- l$SE
  list(value = l$Est, se = se, df = l$df, low = l$CI_L, high = l$CI_U,
       p = 2 * pt(-abs(l$Est / se), l$df), n = nrow(rows))
}
pair <- d[d$group != "C", ]
both <- d
both$side <- ifelse(d$group == "A", "A", "rest")
of_emotion <- paste(pair$group, pair$emotion)
fit <- lm(I(model - human) ~ 1, d)
mean_ <- coef_test(fit, vcov = "CR2", cluster = d$identity, test = "Satterthwaite")
write_json(list(
  pair = told(pair, pair$group, c(A = 1, B = -1)),
  rest = told(both, both$side, c(A = 1, rest = -1)),
  strata = told(pair, of_emotion, c("A happy" = .5, "B happy" = -.5, "A sad" = .5, "B sad" = -.5)),
  interaction = told(pair, of_emotion, c("A happy" = 1, "B happy" = -1, "A sad" = -1, "B sad" = 1)),
  independent = {
    alone <- pair
    alone$identity <- seq_len(nrow(alone))
    told(alone, alone$group, c(A = 1, B = -1))
  },
  mean = list(value = mean_$beta, se = mean_$SE, df = mean_$df, p = mean_$p_Satt, n = nrow(d))
), stdout(), auto_unbox = TRUE, digits = NA, pretty = TRUE)
