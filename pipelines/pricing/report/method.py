"""How the figures come about, shortly, and where to read more."""

from __future__ import annotations

METHOD = """<div class='note'>
<p><b>Development.</b> Known claims of each quarter are carried to their ultimate by chain ladder (Mack
1993), or by Bornhuetter-Ferguson with a Cape Cod rate where a quarter has too few claims or is too young;
standard errors hold process and parameter error. Exposure, not claims, is restated: each vehicle-year is
put at what it would take in the rating year to bring the claims that are known of it.</p>
<p><b>Trend.</b> Log-linear by quarter, with the season where two years are seen (Werner and Modlin 2016,
Basic Ratemaking, chapter 6), of claims over those a model without trend expects of the mix. What is
observed is weighed against its complement by the squared error of the fit: first over all covers by
segment, then per cover. Severity is brought to prices of the rating year and cut at a quantile; one
factor per cover gives back what was cut off.</p>
<p><b>Fit.</b> Frequency times severity on rating cells: a Poisson GLM on claims per vehicle-year (per
distance, for covers that follow the kilometres) and a gamma GLM on the mean claim, with a log link and a
normal prior on log-relativities, for ordered factors on the steps between neighbours, whose width is
learned (Ohlsson and Johansson 2010, chapter 2). The challenger is boosted trees of pairs for frequency,
written out as one- and two-way tables.</p>
<p><b>Judgement.</b> Deviance is the mean Poisson deviance of claims per contract, x 100 (Noll, Salzmann
and Wuthrich 2020); the constant is the frequency of the learning experience for everybody, and D2 the
share of its deviance that is explained. Gini is 1 - 2 x the area under the Lorenz curve of claims over
exposure (Frees, Meyers and Cummings 2011). The premium charged is judged as if it were a frequency.
Intervals of actual over expected claims are exact Poisson ones (Garwood 1936): they take claims as
independent, and after a storm they are too narrow. The calibration slope is that of claims on expected
ones over the tenths (Cox 1958): below 1 the forecast spreads too wide, above 1 it is too timid. Tenths
within chance should be about 19 in 20.</p>
<p><b>Comparison.</b> Gains of deviance are paired by contract and clustered by vehicle (Diebold and
Mariano 1995); promotion asks a challenger to prove itself not worse on every cover (Wellek 2010). Double
lift: Goldburd, Khare, Tevet and Guller 2020, section 7.2. Importance: Fisher, Rudin and Dominici 2019; a
factor that another can stand in for looks less important than it is. Curves: Whittaker 1923, Henderson
1924. Credibility: Buhlmann and Straub 1970. Stability index: Siddiqi 2006, chapter 7, with the chance
level beside it (Yurdakul and Naranjo 2020).</p>
<p>Every figure of this page, unrounded and without a limit on levels, stands in the evaluation file
beside it.</p></div>"""
