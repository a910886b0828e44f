"""English."""

# ruff: noqa: E501  (phrases of a kind stand together)

from .phrases import Phrases

ENGLISH = Phrases(
    common="""a, about, am, an, and, any, are, as, at, be, been, but, by, can, could, d, did, do, does, for, from, had, has, have, he, her, him, his, how, i, if, in, into, is, it, its, ll, m, me, my, of
        on, or, our, re, s, she, should, so, some, t, than, that, the, their, them, then, there, these, they, this, those, to, ve, was, we, were, what, when, where, which, who, whom, whose, why, will, with, would, you, your""",
    known_by="no, not, yes, yeah, just, like, go, get, got, going, want, need, know, think, really, very, more, now, new, good, great, cool, awesome, time, times, day, days, week, weeks, year, years, people, because, too, also, all, out, up, after, before, back, here, hear, sorry, thing, things, way, love, live, lives, work, works, name, called, hello, hi, hey, thanks, please, don, didn, isn, doesn, won, im, let, glad, totally, agree, few, many, much, lot, make, take, see, look, looks, happy, help, always, never, only, one, two, first, last, next, other, another, every, while, since, still, even, well, sure, been, being",
    own="i, my, mine, myself, we, our, ours",
    own_objects="me, us",
    requested="""(give|tell|show|send|help|let|teach|remind|ask|write|make|get|find|bring|suggest|recommend|quiz|walk|guide|draw|build|create|generate|draft|read|list|compute|convert|translate|explain|describe|correct|summari(z|s)e|plan|prepare|excuse|pardon|allow|assist|can you|could you|will you|would you|please) ((it|this|that|them|a bit|more) )?(to |for )?(me|us)
        (explain|describe|show|read|send|give|teach|recommend|suggest) ... (to|for) (me|us), ... for (me|us)$, let's, (can|could|would|will) you ... (for|to|with|give|tell|show|help|explain to) (me|us), (my|our) (question|code|script|program|function|query|build)""",
    impersonal="""how (do|can|could|should|would|might|may|did|to|must|shall) (i|we), how (much|many|long|often) _ ... (do|should|can|would) (i|we) need, (do|would|will|should|did) (i|we) (need|have to), what do (i|we) do (if|when|with|about|to), how (long|often|much|many) (should|must|can|could) (i|we), what (can|could|should|would) (i|we) (use|do|substitute|replace|call|name|say|write|give|buy|put)
        (what|which|where) ... (do|should|can|could) (i|we) (use|need|find|buy|get), if (i|we), (as if|like) (i|i'm|i am|we), when(ever)? (i|we) (run|try|click|open|call|use|add|type|start|press|do), (i|we) (get|got|have|see|keep getting|'m getting|am getting) (a|an|the|this|that|following) ... (error|exception|message|warning|problem|bug)
        (i|we) (need|want|would like|'d like) (you to|a|an|some|help|to know|information|ideas), i wonder, i was wondering, i'm wondering, can (i|we) have, (i|we) have a (question|list|file|table|function|class|string|dataset|dictionary|sentence|text), (imagine|suppose|say|assume) (i|we)""",
    personal="how (do|did|should) (i|we) (usually|normally|always|typically|generally|like|prefer|take|feel|commute|spend|relax|travel|spell|pronounce|earn|meet|get (to|around)|want (to be|you to|my))",
    keeping="""remember, forget, note, always, never, anymore, your (answers|replies|responses), from now on, call me, for future reference, keep in mind""",
    openers="""hmm, hm, um, yeah, yep, alright, by the way, btw, fyi, well, oh, ah, actually, anyway, one more thing, please, pls, plz, kindly, hi, hello, hey, ok, okay, so, now, and, but, then, also, just, thanks
        thank you, great, sure, yes, no, right, good morning, good evening, quick question, question, chatgpt, assistant""",
    polite="""thanks, thank you, thx, cheers, you're welcome, no problem, sounds good, good job, nice to meet you
        see you, have a (nice|good|great), many thanks, much appreciated, any help, please help, i appreciate""",
    addresses="""(can|could|would|will|can't|couldn't) (you|u), (do|did|have) you (think|know|mind|have|see|got|any), would you mind, (help|give|tell|show|suggest|recommend|explain|write|make|create) ... (me|us), any (ideas|idea|tips|advice|suggestions|recommendations|thoughts|help)
        i'd (like|love|need|want) (you|your), i (need|want|would like|would love) (you|your) (to|help|advice), i (was|am) wondering, i'm wondering, i'd appreciate, let me know, what (do|would|should|can|could) (you|i|we), what's (the best|a good), how (can|do|should|would|could|might) (i|we|you), where (can|do|should) (i|we), which (one|should|would), should (i|we), is (it|there), here's (my|the|what|a|an|some|how), here is (my|the|what|a|an|some|how)""",
    reacts="""i (get|got|see|understand|understood|follow|hear) (it|that|this|you|the (idea|gist|point|picture|logic|concept)|your (point|idea|reasoning)|what (you|that|this)|how (it|that|this|you)|why|now|everything|all of it), i (see|get it|understand|understood|agree|guess so|think so)$, i think (i|i've|i have) (get|got|understand|understood), i've (got|understood) (it|that), got it, understood, (that|this|it) (all |now |really |totally |actually )?(makes|made) (sense|more sense|perfect sense|a lot of sense), makes sense
        (that's|that is|this is|it's) ((exactly|just) )?what (i|we) (was|were|am|are|need|needed|wanted|want|meant|had), (that's|that is|this is|it's) (exactly|just|what|great|good|helpful|very helpful|really helpful|perfect|fine|clear|clearer|awesome|right|interesting|enough|all|so|it), i'll (try|give|check|have a look|take a look|look into|think about|let you know|do that|get back|test|read|see|go with|keep that), let me (see|try|check|think|know), i (like|love) (it|that|this|the idea)$, i'm (ready|good|back|done|listening|confused|stuck|lost|with you)$, never mind, go ahead, (that|this) (helps|helped|works|worked), you're right, fair enough""",
    prefers="i prefer, i'd prefer, i would prefer, i (generally|usually|always|really|strongly|also|much|mostly|still) prefer, i'd rather, i would rather, i like it (when|if), i don't like it (when|if), my preference is, i favor, i favour, my preferred",
    leans_first="(it|this|that|these|those|he|she|they) (is|was|are|were|has|had|will|would|can|could|does|did|do|makes|made|looks|feels|works|keeps|gets|got|lives|likes|loves|goes|plays|takes|comes|needs|wants|seems|just|also|always|never|only|still|doesn't|isn't|wasn't|can't), (he|she|it) _s, it's, that's, he's, she's, they're, (one|some|both|all|none|most|each|two|three) of (them|those|these), (the|that|this) one, both are, so (is|does|do|am|are)",
    leans_last="that, it, this, them, those, these, him, there, either, neither, that one, this one, the other one, too much, as well, like that, like this",
    leans="(think|guess|believe|hope|say|said|mean) (it|that|this|those|these|he|she|they) (is|are|was|were|one|will|would|can), (that|this) one (is|was), i (did|do|tried|had|have|use|like|love|hate|need|want|saw|made|bought|got|know) (it|that|this|them|those|these|him|her) (yesterday|today|again|now|already|there|too|once|before|a lot|so much|very much)",
    questions="""any ... (idea|ideas|tip|tips|recipe|recipes|suggestion|suggestions|recommendation|recommendations|advice), (my|the|one|another) question is, which _, (how|what|where|when|why|who|whom|whose|which) (do|does|did|is|are|was|were|can|could|should|would|will|shall
            |have|has|had|am|to|might|may|must|about|if|else|exactly)
        how (much|many|long|old|often|far|big|come|well|fast|likely|hard), how's, what's, where's, who's, when's
        whats, hows, wheres, whos, why (not|don't|doesn't|isn't|aren't|can't|didn't|my|our)
        what (kind|type|sort|time|day|year), (what|which) _ (do|does|did|is|are|was|were|can|could|should|would|will)
        (can|could|should|would|will|do|does|did|is|are|shall|isn't|aren't|don't|doesn't|can't|couldn't|won't
            |wouldn't|shouldn't) (i|you|we|he|she|they|it|my|our|your|there|the|this|that|these|those|anyone
            |anybody|someone), (can|could|should|is|are|will|does) (a|an)
        (am|was|were|have|has|had|wasn't|haven't|hasn't|didn't) (i|you|we|he|she|they|it|there|this|that|anyone)
        (may|must|might) (i|we|you), any (good|idea|ideas|tip|tips|advice|recommendation*|suggestion*|chance|way|news
            |thoughts|recipe*)
        any _ (near|nearby|for|in|on|to), (anyone|anybody|someone) (know|knows|here), which (one|of)
        i (wonder|was wondering|am wondering|want to know|need to know|would like to know|am curious|have a question)
        i'm (wondering|curious), i'd like to know, (just )?wondering, curious (if|how|what), is there, are there
        best way to, who (can|could|knows|else)""",
    requests="""prove, show that, derive, integrate, differentiate, simplify, factor, spot, mark, underline, highlight, detect, determine, judge, assess, label, criticize, criticise, argue, need (a|an|some), need ... (gift|present), got any, have you got, (ideas|recipe|recipes|tips|exercises|gift|gifts|presents|names|suggestions|help) (for|with), best ... for, (gift|present) ideas, write, translate, summarize, summarise, summary of, sum up, explain, describe, give, create, generate, draft
        compose, fix, help, show, tell, rewrite, rephrase, reword, paraphrase, correct, proofread, proof-read, improve
        rate, analyze, analyse, calculate, compute, convert, compare, suggest, recommend, google, look up, debug
        refactor, solve, brainstorm, come up with, classify, categorize, categorise, extract, identify, outline
        provide, simplify, shorten, elaborate, define, list, remind, find, search, polish, evaluate, critique
        transcribe, grade, (reply|respond|answer) to, answer (this|the|these|my|that), finish, complete, continue
        invent, propose, tldr, tl;dr, sort, format, spell, pick, choose, enumerate, interpret, optimi(z|s)e
        prepare, (review|edit|check|change|update|turn|design|build|develop|code|test|read|plan|make|draw|organize
            |organise|count|sing|implement|run|replace|remove|add|arrange|schedule|book|order|get|bring|teach|ask|quiz
            |guide|walk|put|guess|compile|rank|inspect|expand|extend|verify|validate|set|play|say) (me|us|a|an|it|this
            |that|these|those|my|our|the|some|your|following)
        (make|check|see) (sure|if|whether), let's (see|write|talk|discuss|start|begin|go|try|do|create|make|build|plan)
        act (as|like), behave (as|like), take the role, you are (a|an|my|the|now), you're (a|an|my|the), be my
        you (will|should|must) (be|act|play), your (task|job|role) is, (can|could|would|will) (you|u)
        i (need|want|would like|require) you to, i'd like you to, would you mind, could someone
        (i (need|want|would like|am looking for)|i'd like|i'm looking for|need|looking for) ... (poem|recipe|recipes|list
            |text|letter|email|mail|translation|summary|idea|ideas|advice|help|tips|suggestion|suggestions|story|essay
            |script|function|explanation|example|examples|name for|names|slogan|title|song|speech|toast|outline|code
            |template|plan for|itinerary|information|info)
        don't (write|add|include|mention|explain|tell) _, try (again|to|it)""",
    always="always, never, generally, don't ever, remember, don't forget, do not forget, keep in mind, note that, call me",
    standing="""from now on, from here on, in future, in the future, going forward, every time, each time, whenever
        by default, your answers, your replies, your responses, (short|brief|concise|long|longer|shorter|detailed
            |simple) (answers|replies|responses|sentences)
 as a rule""",
    supposing="""(you|you'll) play ... (i|i'll|i'm), (for |as |in )?(a |the |this )?thought experiment, you (live|work|love|have|own|were|speak) ... and (i|i am|i'm|my), in a (fictional|imaginary|parallel|perfect), consider this, (you are|you're) ... and (i am|i'm), act (as if|like i), suppose, supposing, imagine, pretend, pretending, assume, assuming, hypothetical*, theoretically
        in theory, (let's|lets|let us) (say|assume|pretend|imagine|suppose|play|role-play|roleplay|role play)
        for the sake of argument, roleplay*, role-play*, role play*, say (i|i'm|my|we|that i|you), once upon a time
        in this (story|game|scenario|roleplay|role), picture this, in a world, scenario, what if, consider a
        for (this|the) (story|game|scenario), let me pretend, we are playing, we're playing, fiction""",
    conditional="""if i (were|was|had|could|won|earned|got|would|lived|became|owned|did|ever|wanted|moved|quit|died
            |lost|knew), if (we|he|she|they|you) (were|had|could|won|would|lived), i wish i, were i, had i, should i""",
    roles="""as (a|an|the|your) (pirate|wizard|witch|dragon|knight|king|queen|prince|princess|vampire|zombie|robot|alien
            |elf|dwarf|ghost|superhero|hero|villain|cowboy|ninja|samurai|viking|mermaid|unicorn|goblin|orc|detective
            |narrator|character|ai|assistant|chatbot|god|goddess|emperor|caveman|hobbit|jedi|fairy|monster|gladiator
            |pharaoh|bard|werewolf|(medieval|space|brave|old|evil|young|mighty|wise) _)""",
    handling="""good (english|german|french|spanish|italian), (spot|find|mark) the (mistake|mistakes|error|errors), translat*, summar*, proofread*, proof-read*, paraphras*, rewrit*, rephras*, reword*, correct
        (reply|respond|replying|answer) to, tldr, tl;dr, sum up, rate, grade, classif*, categori*, polish, critique
        transcrib*, shorten, grammar, spelling, (edit|improve) (this|the|my), sentiment, make (it|this) sound""",
    soft_handling="""(what|who|which) (is|are|was|wrote|sings|sang|said) (this|that|the|these), (what's|who's) (this|that|the|these), explain*, analy*, review, check, what (do|does|did) ... mean, evaluat*, interpret*, comment on
        feedback, read, simplify, extract, convert, find (the|all)""",
    texts="""song, songs, verse, verses, rhyme, this, these, that, those, it, them, following, below, above, text, texts, mail, mails, email, emails
        e-mail, e-mails, message, messages, letter, article, cv, resume, résumé, sentence, sentences, paragraph
        paragraphs, essay, post, review, reviews, story, poem, lyrics, chat, conversation, transcript, log, form
        document, report, quote, notes, bio, biography, description, tweet, comment, passage, excerpt, statement
        abstract, draft, page, ticket, interview, speech, phrase, phrases, words, answer, snippet, caption, blog
        newsletter, script, dialog*, profile, application""",
    speaking="""the following, wrote, writes, says, said, say, texted, told me, replied, answered, emailed, posted, messaged, sent
        got this, received, reads, quote, quoted, here is, here's, here are, sings, claims, shouted, whispered""",
    self_leads="""introduce myself, what i, about me, about myself, about us, remember, don't forget, do not forget, keep in mind, note, notes
        please note, for the record, to know about me, my situation, my background, about my family""",
    salutations="dear, hi, hello, hey, good (morning|afternoon|evening|day), greetings, to whom it may concern",
    signoffs="""best, best regards, best wishes, (kind|kindest|warm) regards, regards, sincerely, yours, cheers, love
        many thanks, thanks, thank you, all the best, take care, with (best|kind) (regards|wishes), cordially""",
    subjects="subject, fwd, fw",
    headers="from, to, cc, bcc, subject, date, sent, reply-to, fwd, fw",
    resumes="""cv, resume, résumé, curriculum vitae, work experience, professional experience, employment history
        education, professional summary, skills, references, career objective, certifications, work history""",
    forgetting="""forget, erase, delete, remove, wipe, stop (remembering|storing|keeping), unremember
        (don't|do not|no longer|never) (remember|store|keep|save|mention)""",
    asking="may, please, you, (want|need|like|ask|asked|wish) (you )?to, you to, you should, you can, should, can, could, must, now, just, ok, okay, also, then, kindly, so",
    everything="everything, all, anything, whatever you know, what you know, all about me, everything about me, everyone",
    ending="""divorced, divorcing, separated, broke up, broken up, split up, moved out, move out, moved away, (i|we|he|she|they|who|husband|wife|partner|have|has) left
        left (me|him|her|us|my|our|the), sold
        quit, resigned, died, dead, passed away, deceased, lost, fired, laid off, let go, no longer, anymore, any more
        any longer, cancelled, canceled, called off, gave up, given up, stopped, retired, finished, is over, over now
        ended, closed, shut down, gave away, given away, got rid of, threw away, widow*, dropped out, expelled
        don't have, ex-husband, ex-wife, ex-boyfriend, ex-girlfriend, stolen, burned down, put down, put to sleep
        terminated, dissolved, bankrupt, withdrew, don't live, don't work, used to, graduated, used up""",
    corrects="not (in |on |at |by )?[0-9]*, actually, i meant, i mean, my mistake, made a mistake, (that|this|it)('s| is| was) (wrong|incorrect|not right|not true|outdated|a typo|a mistake), (i was|you are|you're|got it|had it|i got that) wrong, correction, (to )?correct (that|this|it|myself), not ... but, _ not _$, instead of, rather than, (moved|postponed|rescheduled|pushed|changed|switched|renamed|delayed|extended|shifted|corrected|replaced|brought forward) (from|to|it|the|by|my|our|back|until), (was|were|is|are|been|has|have|got) (moved|postponed|rescheduled|changed|renamed|delayed|extended|shifted), (has|have) changed, used to, turned _$, no (i|it's|that's|my|we|it)",
    fillers="anyway, btw, a, an, the, am, is, are, now, nowadays, currently, presently, really, very, truly, actually, also, please, indeed, definitely, certainly",
    numbers="two/2, three/3, four/4, five/5, six/6, seven/7, eight/8, nine/9, ten/10, eleven/11, twelve/12, twenty/20, thirty/30, forty/40, fifty/50, sixty/60, seventy/70, eighty/80, ninety/90",
    speaker="i, me, my, myself",
    user="the user's, the user, this user's, this user, user's, user",
    links="in, on, at, from, to, with, without, by, for, of, than, over, under, before, after, and, or, but, because, since, until, as, about, into, through, during, against, between, near, behind, beside, above, below, that, which, who, whose, while, if, when, where, not, no, never",
    forms="have/has, do/does, go/goes, don't/doesn't",
    endings="/s, /es, y/ies",
    progressive="ing",
    denying="not, never, don't, didn't, doesn't, can't, cannot, couldn't, won't, wouldn't, haven't, hasn't",
    denying_after="not",
    forwarding="messag*, forwarded, original message, begin forwarded",
    wrote="wrote",
    states="is, are, was, were, has, had, lives, works, likes, loves, hates",
    points="that, this, it, what",
)
