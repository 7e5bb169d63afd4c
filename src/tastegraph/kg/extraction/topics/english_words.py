"""Closed classes of English words, and words that say too little to be a topic."""

from __future__ import annotations

_DETERMINERS = """
a an the this that these those his her its their my our your whose some any no each every another
either neither both all few many several most more such own same other what which one two three four
five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen twenty hundred thousand million first second third half thirty forty fifty sixty seventy
eighty ninety dozens hundreds
"""
_PREPOSITIONS = """
opposite of in on at by for from with about between into onto through throughout during before after
against among amongst across behind beyond under beneath below over above near around upon within
without toward towards along alongside inside outside despite like as than until till since via per
amid beside besides except off out up down
"""
_CLAUSE_STARTERS = """
i he she it we they you who whom himself herself itself themselves everyone someone anyone nobody
none everybody somebody anybody nothing something everything anything there to not never always
often soon also only just even still already again once ever almost can could will would may might
must shall should cannot do does did don't doesn't didn't
"""
_OTHER_FUNCTION_WORDS = """
and or but nor so yet if when while where why how because although though whether then here him me
us them hers theirs mine ours yours each other am is are was were be been being have has had having
done doing very too quite rather much little less least well now today tomorrow yesterday later ago
away back together apart alone aside instead perhaps maybe indeed therefore however meanwhile else
elsewhere everywhere nowhere somewhere anywhere forever twice unless whatever whoever whenever
wherever yes oh etc vs let lets got get gets getting
"""
_GIVEN_NAMES = """
aaron abby adam adrian agnes alan albert alex alexander alexandra alfred alice alison amanda amy
andrea andrew andy angela angelo ann anna anne annie anthony antonio arthur barbara barry ben
benjamin bernard bert beth betty bill billy bob bobby brad brandon brenda brian bruce bryan carl
carla carlos carol caroline carolyn catherine cathy charles charlie charlotte chloe chris christian
christina christine christopher cindy claire clara clark colin connie craig cynthia dan daniel danny
dave david dean deborah debra dennis derek diana diane dick don donald donna doris dorothy doug
douglas dylan earl ed eddie edgar edith edward elaine eleanor elena eli elizabeth ella ellen emily
emma eric erik ernest ethan eugene eva evan eve evelyn felix fiona frances francis frank fred
frederick gabriel gary gavin george gerald gilbert gina glenn gloria gordon grace graham greg
gregory hannah harold harriet harry hazel heather helen henry herbert howard hugh hugo ian ida irene
isaac isabel isabella ivan jack jackie jacob jake james jamie jan jane janet janice jason jay jean
jeff jeffrey jennifer jenny jeremy jerry jesse jessica jill jim jimmy joan joe joel john johnny jon
jonathan jose joseph josh joshua joyce juan judith judy julia julian julie karen karl kate katherine
kathleen kathy katie keith kelly ken kenneth kevin kim kyle larry laura lauren lawrence lee leo leon
leonard leslie lewis lily linda lisa liz louis louise lucas lucy luis luke lydia mabel maggie marcus
margaret maria marie marion mark martha martin marvin mary mathew matt matthew maurice max megan
melanie melissa michael michelle miguel mike molly monica nancy naomi natalie nathan neil nicholas
nick nicole nina noah nora norman oliver olivia oscar owen pamela pat patricia patrick paul paula
pauline pedro peggy penny peter phil philip phillip phyllis rachel ralph ray raymond rebecca richard
rick rita robert robin roger ron ronald rosa rosie ross roy ruby russell ruth ryan sally sam
samantha samuel sandra sara sarah scott sean sebastian sharon sheila shirley simon sofia sonia
sophia sophie stanley stella stephanie stephen steve steven stuart sue susan suzanne sylvia tara ted
teresa terry theo theodore theresa thomas tim timothy tina todd tom tommy toni tony tracy tyler
valerie vera veronica vic victor victoria vincent virginia walter wanda warren wayne wendy wesley
will willard william willie yvonne zoe
"""
_NAME_PARTICLES = """
of the de del della di da du des van von der den la le el al y
"""
_CALENDAR_WORDS = """
monday tuesday wednesday thursday friday saturday sunday january february march april may june july
august september october november december jan feb mar apr jun jul aug sep sept oct nov dec mr mrs
ms dr st
"""
_GENERAL_ADJECTIVES = """
closer
new old young good bad great best better worst big small large little long short low early late last
next past present previous current own same different various several many other certain whole full
real true main major minor important particular special single only first second third final recent
able likely possible sure ready free clear available such right wrong left strange mysterious
beautiful pretty nice fine wonderful lovely unknown famous popular well-known successful unlikely
unexpected sudden simple easy hard difficult happy sad strong poor rich dead alive entire total
general common usual ordinary normal perfect former latter local modern ideal leading top younger
older elder bigger smaller larger greater lower higher
"""
_GENERAL_NOUNS = """
horizon patience neighbour neighbor maker cast star shot script screenplay director crew ability
account act action activity addition age aim amount answer approach area aspect attempt attention
author back base basis bit body bottom bunch case cause chance change character choice collection
combination condition content control copy corner couple course date day deal decade degree detail
difference difficulty direction discovery dozen edge edition effect effort element end ending
evening event evidence example experience extent eye face fact fan favor favour feature feeling
field figure finding focus force form friend front fun future game girl boy child kid goal good
group growth guest guy half hand handful head heart help hold hour hundred idea image impact inch
individual influence information instance interest introduction issue item job journey kind lack
lady lead length lesson level life light line list look lot luck man woman people person male female
manner mark matter meaning means meeting member memory middle mind minute mix model moment month
morning name nature need night note notice number object one opportunity order other outcome outside
page pair part party past path percent period piece place plan play plenty plot point portion
position possibility power practice presence present problem process product program progress
project purpose quality quantity quarter question range rate reader reality reason record relation
relationship rest result return right rise role room round rule scene season second section
selection sense sequence series set shape share show side sign sight single site situation size sort
source space spirit spot stage standard start state stay step stop story style subject success
summer support surface surprise system tale talk task team tell term theme thing thought thousand
time title today tone top topic total touch truth try turn twist type unit use user value variety
version view visit visitor voice volume wait walk way week weekend whole will wish word work worker
world year youth home plus air hit decision million target danger chain flock resident northern
southern eastern existence book film movie midst origin intent intention owner trouble scheme
beloved country counterpart colleague partner lover stranger newcomer rival son daughter brother
sister wife husband uncle aunt cousin nephew niece parent mom dad grandmother grandfather fiance
fiancee boyfriend girlfriend career quest learning choosing sake pace pride care grip wake verge
brink company thirst burden blow bid threat demand search glimpse rank solution benefit recognition
wage hinge chapter mistake request response respect advice favourite favorite tonight hero heroine
narrator audience self century afternoon youngster everyone anyone
"""

DETERMINERS = frozenset(_DETERMINERS.split())
PREPOSITIONS = frozenset(_PREPOSITIONS.split())
CLAUSE_STARTERS = frozenset(_CLAUSE_STARTERS.split())
"""Words after which a word that may be a verb or a noun is a verb."""
OTHER_FUNCTION_WORDS = frozenset(_OTHER_FUNCTION_WORDS.split())
GIVEN_NAMES = frozenset(_GIVEN_NAMES.split())
"""First names that many people bear: alone they do not tell whom two texts speak of."""
NAME_PARTICLES = frozenset(_NAME_PARTICLES.split())
"""Lower-case words that may stand inside an English name: *Bank of England*, *Max von Sydow*."""
CALENDAR_WORDS = frozenset(_CALENDAR_WORDS.split())
"""Words with a capital that are no name of their own."""
GENERAL_ADJECTIVES = frozenset(_GENERAL_ADJECTIVES.split())
"""Adjectives that make no phrase more specific: *new house* is about a house."""
GENERAL_NOUNS = frozenset(_GENERAL_NOUNS.split())
"""Nouns that any text may have: alone they are no topic."""
FUNCTION_WORDS = DETERMINERS | PREPOSITIONS | CLAUSE_STARTERS | OTHER_FUNCTION_WORDS
