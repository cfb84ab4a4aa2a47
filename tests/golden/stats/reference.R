# Values that the tests of the statistics are held against.
# R 4.2.2, psych 2.2.9, lme4 1.1-31, jsonlite 1.8.4:  Rscript reference.R > reference.json
library(psych)
library(lme4)
library(jsonlite)

# Shrout & Fleiss 1979, Psychological Bulletin 86, table 2: six subjects, four judges.
judges <- matrix(c(9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7), ncol = 4, byrow = TRUE)
iccs <- function(ratings) {
  result <- ICC(ratings, lmer = FALSE)$results
  list(value = result$ICC, low = result[["lower bound"]], high = result[["upper bound"]])
}

# The same table without four cells: variance components of the crossed model.
rows <- data.frame(unit = factor(rep(1:6, 4)), rater = factor(rep(1:4, each = 6)), value = as.vector(judges))
gaps <- rows[-c(3, 8, 17, 22), ]
components <- function(data) {
  control <- lmerControl(optimizer = "Nelder_Mead", optCtrl = list(FtolAbs = 1e-14, XtolRel = 1e-12, maxfun = 1e5))
  fit <- lmer(value ~ 1 + (1 | unit) + (1 | rater), data, control = control)
  parts <- as.data.frame(VarCorr(fit))
  setNames(parts$vcov, parts$grp)[c("unit", "rater", "Residual")]
}
# Henderson's method 3 from fits of both factors as constants.
fitted_constants <- function(data) {
  residual <- function(formula) sum(resid(lm(formula, data))^2)
  n <- nrow(data); a <- nlevels(data$unit); b <- nlevels(data$rater)
  error <- residual(value ~ unit + rater) / (n - a - b + 1)
  c(residual(value ~ rater) / (n - b) - error, residual(value ~ unit) / (n - a) - error, error)
}

# Two raters on an ordered scale of five; weighted kappa.
first <- c(1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 2, 2, 3, 5, 4, 1, 3, 4, 2, 5)
second <- c(1, 2, 4, 4, 4, 2, 2, 3, 5, 5, 1, 2, 2, 5, 4, 1, 5, 3, 2, 3)
places <- abs(outer(1:5, 1:5, "-")) / 4
kappas <- function(weights) {
  result <- cohen.kappa(cbind(first, second), w = weights, levels = 1:5)
  result$weighted.kappa
}

# Bland & Altman 1986, Lancet 327, table 1: peak expiratory flow, two readings by each meter.
large <- cbind(
  c(494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427),
  c(490, 397, 512, 401, 470, 611, 415, 431, 638, 429, 420, 633, 275, 492, 165, 372, 421)
)
mini <- cbind(
  c(512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451),
  c(525, 415, 508, 444, 500, 625, 460, 390, 642, 432, 420, 605, 227, 467, 268, 370, 443)
)
d <- large[, 1] - mini[, 1]
n <- length(d)
exact <- mean(d) + qt(c(.025, .975), n - 1, ncp = qnorm(.975) * sqrt(n)) * sd(d) / sqrt(n)
middle <- (large[, 1] + mini[, 1]) / 2
slope <- lm(d ~ middle)

# Lin's CCC of the same readings, with the variance of Lin 2000.
lin <- function(x, y) {
  k <- length(x)
  sx <- mean((x - mean(x))^2); sy <- mean((y - mean(y))^2); sxy <- mean((x - mean(x)) * (y - mean(y)))
  r <- cor(x, y); p <- 2 * sxy / (sx + sy + (mean(x) - mean(y))^2); u <- (mean(x) - mean(y)) / (sx * sy)^.25
  v <- ((1 - r^2) * p^2 * (1 - p^2) / r^2 + 2 * p^3 * (1 - p) * u^2 / r - p^4 * u^4 / (2 * r^2)) / (k - 2)
  c(p, tanh(atanh(p) + c(-1, 1) * qnorm(.975) * sqrt(v) / (1 - p^2)))
}

# Differences in pairs, unequal numbers a subject: one-way analysis of variance.
subject <- factor(c(1, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 5))
change <- c(2, 1, 3, 0, 1, -1, 0, 0, 1, 2, 4, 1)
squares <- anova(lm(change ~ subject))[["Mean Sq"]]
counts <- table(subject)
m0 <- (sum(counts)^2 - sum(counts^2)) / ((length(counts) - 1) * sum(counts))

# McNemar.
tables <- list(c(30, 12, 40, 18), c(50, 30, 10, 10))

cat(toJSON(list(
  icc = list(judges = iccs(judges), two = iccs(judges[, 1:2])),
  components = list(
    rows = as.integer(rownames(gaps)), reml = components(gaps), reml_complete = components(rows),
    constants = fitted_constants(gaps)
  ),
  weighted_kappa = list(
    first = first, second = second, linear = kappas(1 - places), quadratic = kappas(1 - places^2)
  ),
  bland_altman = list(
    large = large, mini = mini, upper_exact = exact,
    slope = c(coef(slope)[2], confint(slope)[2, ], summary(slope)$coefficients[2, 4])
  ),
  ccc = lin(large[, 1], mini[, 1]),
  paired = list(
    subject = as.integer(subject), change = change, bias = mean(change),
    variance = squares[2] + (squares[1] - squares[2]) / m0
  ),
  mcnemar = lapply(tables, function(cells) {
    table <- matrix(cells, 2)
    with <- mcnemar.test(table); without <- mcnemar.test(table, correct = FALSE)
    list(cells = cells, corrected = c(with$statistic, with$p.value), plain = c(without$statistic, without$p.value))
  })
), digits = 15, auto_unbox = TRUE, pretty = FALSE))
cat("\n")
